// @vitest-environment node
import { beforeAll, describe, expect, it } from 'vitest';
import { base64url, hex, join, Refused, sha256, unhex, utf8, type Bytes } from './bytes';
import { invitation, readAnswer, sayHello, type FirstWords, type Hello, type Invitation } from './pairing';
import { seal } from './signed';
import { ORIGIN, TestKey } from './testing/keys';

const SECRET = unhex('000102030405060708090a0b0c0d0e0f');
const live = { live: true, preRoll: false, audio: false, ptz: false, record: false, forward: false };

let device: TestKey;
let other: TestKey;
let invited: Invitation;
let words: FirstWords;
let laterCeiling: Bytes;
let hello: Hello;

beforeAll(async () => {
  const [box, passkey] = await Promise.all([TestKey.make(), TestKey.make()]);
  [device, other] = [box, await TestKey.make()];
  invited = { device: await sha256(device.spki), epoch: 2n, secret: SECRET };
  const first = { device: invited.device, epoch: 2n, version: 1n, previous: new Uint8Array() };
  const members = [{ key: passkey.point, kind: 'passkey' as const, role: 'owner' as const, cameras: [], name: 'Maria' }];
  const ceiling = { ...first, longestSecs: 7_200, secsADay: 3_600, cameras: [1], agencies: [unhex('22'.repeat(32))], rights: live };
  words = {
    ownerSet: await seal('owner-set.1', { ...first, members, quorum: 1 }, passkey.passkey),
    ceiling: await seal('ceiling.1', ceiling, passkey.passkey),
  };
  laterCeiling = await seal('ceiling.1', { ...ceiling, version: 2n, previous: invited.device }, passkey.passkey);
  hello = await sayHello(invited, words);
});

/** HKDF and HMAC written out (RFC 5869, section 2), apart from the browser's own. */
async function mac(who: string, said: Bytes, { secret, device } = invited): Promise<Bytes> {
  const prk = await hmac(device, secret);
  const key = await hmac(prk, join(utf8('ASSENT-PAIR-v1'), [1]));
  return hmac(key, join(utf8(who), [0], said));
}

async function hmac(key: Bytes, bytes: Bytes): Promise<Bytes> {
  const padded = join(key, new Uint8Array(64 - key.length));
  const inner = await sha256(join(padded.map((byte) => byte ^ 0x36), bytes));
  return sha256(join(padded.map((byte) => byte ^ 0x5c), inner));
}

/** The device's half. */
async function answer(change: Partial<Parameters<typeof seal<'paired.1'>>[1]> = {}, by: Pick<TestKey, 'raw'> = device, secret = SECRET): Promise<Bytes> {
  const value = { device: invited.device, epoch: 2n, key: device.point, hello: hello.hash, ownerSet: hello.ownerSet, origins: [ORIGIN], ...change };
  const said = await seal('paired.1', value, by.raw);
  return join(await mac('device', said, { ...invited, secret }), said);
}

describe('the QR code', () => {
  const id = 'ab'.repeat(32);

  it('names the device and its secret, and its epoch after a reset', () => {
    expect(invitation(`#p=${id}.${base64url(SECRET)}`)).toEqual({ device: unhex(id), epoch: 1n, secret: SECRET });
    expect(invitation(`#p=${id}.AAECAwQFBgcICQoLDA0ODw.12`)?.epoch).toBe(12n);
  });

  it.each([
    '', '#p=', `#p=${id}`, `#p=${id}.`, `p=${id}.AAECAwQFBgcICQoLDA0ODw`, `#p=${id.toUpperCase()}.AAECAwQFBgcICQoLDA0ODw`,
    `#p=${id}.AAECAwQFBgcICQoLDA0ODw.1`, `#p=${id}.AAECAwQFBgcICQoLDA0ODw.0`, `#p=${id}.AAECAwQFBgcICQoLDA0ODw.02`, `#p=${id}.AAECAwQFBgcICQoLDA0ODw.`,
    `#p=${id}.AAECAwQFBgcICQoLDA0ODx`, `#p=${id}.AAECAwQFBgcICQoLDA0ODw==`, `#p=${id}.AAECAwQFBgcICQoLDA0OD`, `#p=${id}.AAECAwQFBgcICQoLDA0ODw&x`, `#link=${id}`,
  ])('is not "%s"', (fragment) => {
    expect(invitation(fragment)).toBeNull();
  });
});

describe('a pairing', () => {
  it('says hello under the secret', async () => {
    const [code, said] = [hello.body.slice(0, 32), hello.body.slice(32)];
    expect(hex(code)).toBe(hex(await mac('phone', said)));
    const parts = join([0x0a, 32], invited.device, [0x12, ...varint(words.ownerSet.length)], words.ownerSet, [0x1a, ...varint(words.ceiling.length)], words.ceiling);
    expect(hex(said)).toBe(hex(parts));
    expect(hex(hello.hash)).toBe(hex(await sha256(hello.body)));
  });

  it('pins the device that answers', async () => {
    expect(await readAnswer(invited, hello, await answer(), ORIGIN)).toEqual({
      device: invited.device, epoch: 2n, key: device.point, origins: [ORIGIN], ownerSet: hello.ownerSet,
    });
  });

  it.each<[string, string, () => Promise<Bytes>]>([
    ['another secret', 'BadSignature', () => answer({}, device, unhex('ff'.repeat(16)))],
    ['a hello sent back', 'BadSignature', async () => hello.body],
    ['another device’s key', 'WrongDevice', () => answer({ key: other.point }, other)],
    ['another device', 'WrongDevice', () => answer({ device: unhex('11'.repeat(32)) })],
    ['another life of the device', 'Bad', () => answer({ epoch: 1n })],
    ['an answer to another hello', 'Bad', () => answer({ hello: unhex('11'.repeat(32)) })],
    ['another owner set', 'Bad', () => answer({ ownerSet: unhex('11'.repeat(32)) })],
    ['a device that takes other pages only', 'WrongOrigin', () => answer({ origins: ['https://other.example.org'] })],
    ['another key’s signature', 'UnknownKey', () => answer({}, other)],
    ['a signature in another’s name', 'BadSignature', () => answer({}, { raw: async (signed: Bytes) => ({ ...(await other.raw(signed)), key: device.key }) })],
    ['nothing', 'BadSignature', async () => new Uint8Array()],
  ])('refuses %s', async (_, why, make) => {
    await expect(readAnswer(invited, hello, await make(), ORIGIN)).rejects.toMatchObject({ name: 'Refused', why });
  });

  it('refuses an answer with any bit changed', async () => {
    const bytes = await answer();
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      await expect(readAnswer(invited, hello, flipped, ORIGIN), `bit ${bit}`).rejects.toBeInstanceOf(Refused);
    }
  });

  it('says nothing that the device would not take', async () => {
    await expect(sayHello({ ...invited, epoch: 1n }, words)).rejects.toMatchObject({ why: 'Bad' });
    await expect(sayHello({ ...invited, device: unhex('11'.repeat(32)) }, words)).rejects.toMatchObject({ why: 'WrongDevice' });
    await expect(sayHello(invited, { ...words, ceiling: laterCeiling })).rejects.toMatchObject({ why: 'Bad', field: 'version' });
    await expect(sayHello(invited, { ...words, ceiling: words.ownerSet })).rejects.toMatchObject({ why: 'Bad' });
  });
});

function varint(number: number): number[] {
  return number < 0x80 ? [number] : [(number & 0x7f) | 0x80, ...varint(number >> 7)];
}
