// @vitest-environment node
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Problem } from '$shared/api/client';
import { hex, join, sha256, unhex, utf8, type Bytes } from '../consent/bytes';
import { CannotSign } from '../consent/keys';
import type { OwnDevice, Passkey } from '../consent/memory';
import { sayHello, type Invitation } from '../consent/pairing';
import { open, seal } from '../consent/signed';
import { ORIGIN, TestKey } from '../consent/testing/keys';
import { verify } from '../consent/verify';
import { firstPolicy, memberName, sensibleLimits } from './first-words';
import { PairingRun, type Outside, type Site } from './run.svelte';
import { pairingWords as words } from './words';

const START = Date.parse('2026-11-20T12:00:00Z');
const AGENCY = unhex('22'.repeat(32));
let device: TestKey;
let passkey: TestKey;
let phone: TestKey;
let to: Invitation;
let site: Site;

beforeAll(async () => {
  [device, passkey, phone] = await Promise.all([TestKey.make(), TestKey.make(), TestKey.make()]);
  to = { device: await sha256(device.spki), epoch: 1n, secret: unhex('000102030405060708090a0b0c0d0e0f') };
});

/** The world with a device in it that answers, unless it is told not to. */
class World implements Outside {
  readonly origin = ORIGIN;
  made: string[] = [];
  left: Bytes[] = [];
  kept: OwnDevice[] = [];
  seen = { online: true, paired: false };
  fails: Partial<Record<'make' | 'sign' | 'leave' | 'answer', unknown>> = {};
  presses = true;
  origins = [ORIGIN];
  secret = to.secret;

  phoneKey = async () => ({ point: phone.point, sign: phone.raw });
  passkeys = async (): Promise<Passkey[]> => [];
  makePasskey = async (name: string): Promise<Passkey> => {
    if (this.fails.make) throw this.fails.make;
    this.made.push(name);
    return { credential: new Uint8Array(1), point: passkey.point };
  };
  sign = () => (signed: Bytes) => (this.fails.sign ? Promise.reject(this.fails.sign as Error) : passkey.passkey(signed));
  leave = async (_: Bytes, body: Bytes) => {
    if (this.fails.leave) throw this.fails.leave;
    this.left.push(body);
  };
  late = false;
  answer = async (_: Bytes, hash: Bytes) => {
    if (this.fails.answer) throw this.fails.answer;
    const isLast = hex(hash) === hex(await sha256(this.left.at(-1)!));
    const said = this.presses && isLast ? this.#paired(hash) : null;
    if (this.late) [this.presses, this.late] = [true, false];
    return said;
  };
  deviceNow = () => this.seen;
  keep = async (own: OwnDevice) => void this.kept.push(own);
  now = () => START;

  async #paired(hello: Bytes): Promise<Bytes> {
    const set = await open(fieldOf(this.left.at(-1)!.slice(32), 2), 'owner-set.1');
    const value = { device: to.device, epoch: 1n, key: device.point, hello, ownerSet: set.hash, origins: this.origins };
    const said = await seal('paired.1', value, device.raw);
    return join(await mac(this.secret, said), said);
  }
}

async function mac(secret: Bytes, said: Bytes): Promise<Bytes> {
  const root = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
  const way = { name: 'HKDF', hash: 'SHA-256', salt: to.device, info: utf8('ASSENT-PAIR-v1') };
  const key = await crypto.subtle.deriveKey(way, root, { name: 'HMAC', hash: 'SHA-256', length: 256 }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, join(utf8('device\0'), said)));
}

function fieldOf(bytes: Bytes, wanted: number): Bytes {
  for (let at = 0; at < bytes.length; ) {
    const field = bytes[at++]! >> 3;
    let [length, shift] = [0, 0];
    do length |= (bytes[at]! & 0x7f) << shift, shift += 7;
    while (bytes[at++]! > 0x7f);
    if (field === wanted) return bytes.slice(at, at + length);
    at += length;
  }
  throw new Error('no such field');
}

let world: World;
let run: PairingRun;
beforeEach(() => {
  world = new World();
  const cameras = [{ number: 1, name: 'Front door', indoor: false }, { number: 2, name: 'Till', indoor: false }, { number: 7, name: 'Kitchen', indoor: true }];
  site = { premisesId: 'shop', name: 'Corner Shop', person: 'Maria Lopez', cameras, agencies: [{ id: AGENCY, name: 'Springfield PD', hubId: 'spd' }], place: { latE7: 1, lonE7: 2 } };
  run = new PairingRun(to, site, world);
});

async function untilPress() {
  for (const act of [run.makeKey, run.signOwners, run.signLimit, run.signRules]) await act();
}

describe('a pairing', () => {
  it('goes through its steps, shows what is signed before each signature, and pins the device', async () => {
    expect(run.step).toBe('key');
    await run.makeKey();
    expect([run.step, world.made]).toEqual(['owners', ['Maria Lopez (signs)']]);
    expect(run.ownersInWords.join(' ')).toContain('“Maria Lopez”, the passkey with the key');
    await run.signOwners();
    expect(run.limitInWords[0]).toBe('No share may go beyond: Front door and Till, 2 hours at a time, with moments before.');
    await run.signLimit();
    expect(run.rulesInWords[0]).toBe('1. When I press the button: Front door and Till, Springfield PD, 30 minutes, with the 15 seconds before.');
    await run.signRules();
    expect(run.step).toBe('press');
    await run.send();
    expect([run.step, run.problem]).toEqual(['done', null]);
    expect(world.kept).toMatchObject([{ id: hex(to.device), premisesId: 'shop', epoch: 1n, key: device.point, origins: [ORIGIN], agencies: { spd: '22'.repeat(32) } }]);
  });

  it('signs every word with the passkey, and what is kept is what was sent', async () => {
    await untilPress();
    await run.send();
    const own = world.kept[0]!;
    expect((await sayHello(to, { ownerSet: own.ownerSet, ceiling: own.ceiling!, policy: own.policy! })).body).toEqual(world.left[0]);
    for (const word of [await open(own.ownerSet, 'owner-set.1'), await open(own.ceiling!, 'ceiling.1'), await open(own.policy!, 'policy.1')]) {
      expect(word.signatures).toHaveLength(1);
      await verify(passkey.point, word.signed, word.signatures[0]!.by, [ORIGIN]);
    }
  });

  it('sends nothing before the last step', async () => {
    await untilPress();
    expect(world.left).toEqual([]);
  });

  it('uses the passkey that this phone has', async () => {
    world.passkeys = async () => [{ credential: new Uint8Array(1), point: passkey.point }];
    await untilPress();
    expect([run.step, world.made]).toEqual(['press', []]);
  });
});

describe('what can go wrong', () => {
  it('is said where it happened, and the step can be done again', async () => {
    world.fails.make = new CannotSign('You did not use your passkey, so nothing was signed.');
    await run.makeKey();
    expect([run.step, run.problem]).toEqual(['key', 'You did not use your passkey, so nothing was signed.']);
    world.fails = {};
    await run.makeKey();
    world.fails.sign = new CannotSign('Try again.');
    await run.signOwners();
    expect([run.step, run.problem, world.made.length]).toEqual(['owners', 'Try again.', 1]);
    world.fails = {};
    await run.signOwners();
    expect([run.step, run.problem]).toEqual(['limit', null]);
  });

  it.each([
    ['somebody else owns it', { online: true, paired: true }, words.failed.paired],
    ['the device is away', { online: false, paired: false }, words.failed.away],
    ['nobody pressed, or the code is old', { online: true, paired: false }, words.failed.nobody],
  ])('nobody answers, because %s', async (_, seen, sentence) => {
    [world.presses, world.seen] = [false, seen];
    await untilPress();
    await run.send();
    expect([run.step, run.problem, run.until]).toEqual(['press', sentence, null]);
    expect(world.kept).toEqual([]);
  });

  it('sends another message the next time, because the mailbox keeps the first', async () => {
    world.presses = false;
    await untilPress();
    await run.send();
    world.late = true;
    await run.send();
    expect(hex(world.left[1]!)).not.toBe(hex(world.left[0]!));
  });

  it('takes an answer that came when nobody waited any more: the device is paired', async () => {
    [world.presses, world.late] = [false, true];
    await untilPress();
    await run.send();
    expect([run.step, run.problem]).toEqual(['press', words.failed.nobody]);
    await run.send();
    expect([run.step, world.left.length, world.kept.length]).toEqual(['done', 1, 1]);
  });

  it.each<[string, string, () => void]>([
    ['the answer is under another secret', words.failed.answer, () => (world.secret = unhex('ff'.repeat(16)))],
    ['the device takes another page only', words.failed.origin, () => (world.origins = ['https://elsewhere.example.org'])],
    ['the hub refuses', 'Too many pairings were begun with this device.', () => (world.fails.leave = new Problem('mailbox-full', 429, 'Too many pairings were begun with this device.'))],
    ['the page breaks', words.failed.page, () => (world.fails.answer = new TypeError('x'))],
  ])('%s', async (_, sentence, wrong) => {
    wrong();
    await untilPress();
    await run.send();
    expect([run.step, run.problem]).toEqual(['press', sentence]);
    expect(world.kept).toEqual([]);
  });
});

describe('the first words', () => {
  it('leave cameras inside out, unless there are no others', () => {
    expect(sensibleLimits(site.cameras).cameras).toEqual([1, 2]);
    expect(sensibleLimits(site.cameras.slice(2)).cameras).toEqual([7]);
    expect(sensibleLimits(site.cameras).rights).toMatchObject({ live: true, audio: false, record: false, forward: false, ptz: false });
  });

  it('give no rule more than the limit', () => {
    const limits = { ...sensibleLimits(site.cameras), longestSecs: 900, rights: { ...sensibleLimits([]).rights, preRoll: false } };
    expect(firstPolicy(to, site.agencies[0]!, limits, null, START).rules[0]).toMatchObject({ longestSecs: 900, preRollSecs: 0, cameras: [1, 2] });
  });

  it('name people within what a device takes', () => {
    expect(memberName('Ü'.repeat(40))).toBe('Ü'.repeat(20));
    expect(memberName(' \n ')).toBe('Owner');
  });
});
