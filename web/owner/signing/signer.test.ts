// @vitest-environment node
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Problem } from '$shared/api/client';
import type { Ask } from '$shared/api/shapes';
import { hex, unhex, type Bytes } from '../consent/bytes';
import type { OwnDevice } from '../consent/memory';
import { open } from '../consent/signed';
import { TestKey } from '../consent/testing/keys';
import { verify } from '../consent/verify';
import type { KeptPress, KeptRevoke } from '../keep/kept';
import { idBytes, Signer, uuidOf } from './signer';

const START = Date.parse('2026-11-20T12:00:00Z');
const [PRESS, STOP, ROSA, SHOP, SCHOOL, SPD] = ['01', '02', '03', '04', '05', '06'].map((end) => `5b0d2f9e-0c1a-4f6e-9d57-0a4c5cf0a0${end}`) as [string, string, string, string, string, string];
const AGENCY = '22'.repeat(32);

const box = (id: string, premisesId: string): OwnDevice => ({
  id: id.repeat(32), premisesId, epoch: 2n, key: new Uint8Array(), origins: [], ownerSet: new Uint8Array(), ceiling: null, policy: null, agencies: { [SPD]: AGENCY },
});
const [FRONT, BACK, OTHER] = [box('aa', SHOP), box('bb', SHOP), box('cc', SCHOOL)];
const pressed: KeptPress = { kind: 'press', id: PRESS, personId: ROSA, premisesId: SHOP, level: 'panic', silent: true, drill: false, note: 'back door', madeAt: START };
const stop = (scope: KeptRevoke['scope'], premisesId?: string): KeptRevoke => ({ kind: 'revoke', id: STOP, personId: ROSA, scope, premisesId, reason: 'owner', madeAt: START });

let key: TestKey;
let hasKey: boolean;
let away: Set<string>;
let nonces: number;
let signer: Signer;

beforeAll(async () => {
  key = await TestKey.make();
});
beforeEach(() => {
  [hasKey, away, nonces] = [true, new Set(), 0];
  signer = new Signer({
    devices: () => [FRONT, BACK, OTHER],
    key: async () => (hasKey ? { point: key.point, sign: key.raw } : null),
    nonce: async (device) => {
      if (away.has(device)) throw new Problem('device-away', 503, 'Your device is away.');
      return new Uint8Array(16).fill(++nonces);
    },
  });
});

async function opened(envelopes: Bytes[]) {
  const words = await Promise.all(envelopes.map((bytes) => open(bytes, 'trigger.1')));
  for (const { signatures, signed } of words) await verify(key.point, signed, signatures[0]!.by, []);
  return words.map(({ value }) => value);
}

describe('a press', () => {
  it('is signed once for each device there, with all that it says inside', async () => {
    const words = await opened(await signer.seal(pressed, START));
    expect(words.map(({ device }) => hex(device))).toEqual([FRONT.id, BACK.id]);
    expect(words[0]).toEqual({
      device: unhex(FRONT.id), epoch: 2n, id: idBytes(PRESS), nonce: new Uint8Array(16).fill(1), madeAtMs: BigInt(START),
      kind: { press: { level: 'panic', silent: true, drill: false, at: 'phone', by: ROSA, cameras: [], note: 'back door' } },
    });
    expect(words[1]!.nonce).not.toEqual(words[0]!.nonce);
  });

  it('sent again at once is the very same words; a minute later it is signed anew under the same id', async () => {
    const first = await signer.seal(pressed, START);
    expect(await signer.seal(pressed, START + 5_000)).toEqual(first);
    const later = await signer.seal(pressed, START + 45_000);
    expect(later).not.toEqual(first);
    expect((await opened(later))[0]!.id).toEqual(idBytes(PRESS));
  });

  it('is signed anew for just those devices for which the first words have not done', async () => {
    const first = await signer.seal(pressed, START);
    const [again, ...more] = await signer.seal(pressed, START + 2_000, [BACK.id]);
    expect([again!, ...more].length).toBe(1);
    expect(first.map(hex)).not.toContain(hex(again!));
    expect((await opened([again!]))[0]).toMatchObject({ device: unhex(BACK.id), id: idBytes(PRESS) });
  });

  it('that is older than two minutes is a message, and nothing is signed', async () => {
    expect(await signer.seal(pressed, START + 120_001)).toEqual([]);
    expect(nonces).toBe(0);
  });

  it('reaches the devices that are there, and waits when none is', async () => {
    away.add(FRONT.id);
    expect((await opened(await signer.seal(pressed, START))).map(({ device }) => hex(device))).toEqual([BACK.id]);
    away.add(BACK.id);
    await expect(signer.seal({ ...pressed, id: STOP }, START)).rejects.toMatchObject({ slug: 'device-away', passing: true });
  });

  it('is not signed where no device knows this phone', async () => {
    expect(await signer.seal({ ...pressed, premisesId: ROSA }, START)).toEqual([]);
    hasKey = false;
    expect(await signer.seal(pressed, START)).toEqual([]);
  });
});

describe('a stop', () => {
  const scopes = async (kept: KeptRevoke) => {
    const words = await Promise.all((await signer.seal(kept, START)).map((bytes) => open(bytes, 'revoke.1')));
    for (const { signatures, signed } of words) await verify(key.point, signed, signatures[0]!.by, []);
    return words.map(({ value }) => [hex(value.device), value.scope] as const);
  };

  it('needs nothing fresh, and stops at each device what it names', async () => {
    [FRONT, BACK, OTHER].forEach(({ id }) => away.add(id));
    expect(await scopes(stop({ premisesId: SHOP }))).toEqual([[FRONT.id, { everything: true }], [BACK.id, { everything: true }]]);
    expect(await scopes(stop({ pressId: PRESS }, SHOP))).toEqual([[FRONT.id, { trigger: idBytes(PRESS) }], [BACK.id, { trigger: idBytes(PRESS) }]]);
    expect(await scopes(stop({ grantId: PRESS }, SCHOOL))).toEqual([[OTHER.id, { grant: idBytes(PRESS) }]]);
    expect(nonces).toBe(0);
  });

  it('tells every device when nobody knows where it was opened', async () => {
    expect((await scopes(stop({ grantId: PRESS }))).map(([device]) => device)).toEqual([FRONT.id, BACK.id, OTHER.id]);
  });

  it('keeps its id, so that saying it twice is saying it once', async () => {
    const [bytes] = await signer.seal(stop({ premisesId: SCHOOL }), START);
    expect(uuidOf((await open(bytes!, 'revoke.1')).value.id)).toBe(STOP);
  });
});

it('a yes says what the owner was shown of the alert', async () => {
  const ask: Ask = {
    alertId: STOP, premisesId: SHOP, kind: 'gunshot', raisedAt: '', cameras: [], minutes: 10, agency: { id: SPD, name: 'Springfield PD' }, expiresAt: '',
    place: { lat: 39.7817213, lon: -89.6501481 }, source: 'sensor 4', signedAs: null,
  };
  const [word] = await opened(await signer.yes(ask, ROSA, START));
  const alert = { kind: 'gunshot', agency: unhex(AGENCY), place: { latE7: 397_817_213, lonE7: -896_501_481 }, source: 'sensor 4' };
  expect(word!.kind).toEqual({ approval: { ofTrigger: idBytes(STOP), alert, by: ROSA } });
  const other = { ...ask, agency: { id: ROSA, name: 'Another' } };
  expect(await signer.yes(other, ROSA, START)).toEqual([]);
  const [named] = await opened(await signer.yes({ ...other, signedAs: '33'.repeat(32) }, ROSA, START));
  expect(named!.kind).toMatchObject({ approval: { alert: { agency: unhex('33'.repeat(32)) } } });
});

it('an id is 16 bytes, and nothing else is', () => {
  expect(uuidOf(idBytes(PRESS))).toBe(PRESS);
  for (const wrong of ['', 'a', PRESS.slice(1), `${PRESS}00`, 'shop']) expect(() => idBytes(wrong)).toThrow();
});
