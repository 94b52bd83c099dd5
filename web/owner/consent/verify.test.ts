// @vitest-environment node
import { beforeAll, describe, expect, it } from 'vitest';
import { base64url, hex, join, Refused, sha256, unbase64url, unhex, utf8, type Bytes } from './bytes';
import { journalEntry } from './journal';
import { envelope } from './objects';
import { compressed, fromSpki, spki, uncompressed } from './point';
import { countersign, open, seal } from './signed';
import { derOfRaw, ORIGIN, TestKey } from './testing/keys';
import { comesAfter, deviceReceipt, nextOwnerSet, rawOfDer, verifyPasskey, verifyRaw } from './verify';

let [key, other]: TestKey[] = [];
const signed = utf8('some words');
const revoke = { device: unhex('11'.repeat(32)), epoch: 1n, id: unhex('33'.repeat(16)), scope: { everything: true as const }, reason: 'owner' as const };

beforeAll(async () => {
  [key, other] = [await TestKey.make(), await TestKey.make()];
});

describe('client data', () => {
  const parts = async () => ({ type: '"webauthn.get"', challenge: `"${base64url(await sha256(signed))}"`, origin: `"${ORIGIN}"` });
  const check = async (json: string | Bytes) => verifyPasskey(key!.point, signed, await key!.over(typeof json === 'string' ? utf8(json) : json), [ORIGIN]);

  it('may hold what nobody knows yet, in any order and spacing', async () => {
    const { type, challenge, origin } = await parts();
    await check(`{ "origin" : ${origin}, "x": [1, {"a": "}\\"{", "b": null}], "challenge":${challenge},\n"type":${type}, "crossOrigin": false }`);
    await check(`{"type":${type},"challenge":${challenge},"origin":${origin},"a":{"type":1},"b":{"type":2}}`);
  });

  it.each<[string, (parts: Record<string, string>) => string]>([
    ['a key twice', ({ type, challenge, origin }) => `{"type":${type},"challenge":${challenge},"origin":${origin},"origin":${origin}}`],
    ['a key twice, once escaped', ({ type, challenge, origin }) => `{"type":${type},"challenge":${challenge},"origin":"https://evil.example.org","\\u006frigin":${origin}}`],
    ['a key twice, with a space', ({ type, challenge, origin }) => `{"type":${type},"challenge":${challenge},"origin":${origin},"type" :${type}}`],
    ['a key twice, deep inside', ({ type, challenge, origin }) => `{"type":${type},"challenge":${challenge},"origin":${origin},"x":[{"y":{"z":1,"z":2}}]}`],
    ['a text for a yes', ({ type, challenge, origin }) => `{"type":${type},"challenge":${challenge},"origin":${origin},"crossOrigin":"false"}`],
    ['no challenge', ({ type, origin }) => `{"type":${type},"origin":${origin}}`],
    ['something behind it', ({ type, challenge, origin }) => `{"type":${type},"challenge":${challenge},"origin":${origin}} {}`],
    ['a list', () => '[]'],
    ['nothing', () => 'null'],
    ['half an object', () => '{"type":'],
    ['padding in the challenge', ({ type, challenge, origin }) => `{"type":${type},"challenge":${challenge?.replace(/"$/, '="')},"origin":${origin}}`],
  ])('may not hold %s', async (_, json) => {
    await expect(check(json(await parts()))).rejects.toMatchObject({ why: 'BadSignature' });
  });

  it('is UTF-8', async () => {
    await expect(check(unhex('7bff7d'))).rejects.toMatchObject({ why: 'BadSignature' });
  });
});

describe('signatures', () => {
  it('are of one key and one text', async () => {
    const by = (await key!.raw(signed)).by as { raw: Bytes };
    await verifyRaw(key!.point, signed, by.raw);
    await expect(verifyRaw(other!.point, signed, by.raw)).rejects.toMatchObject({ why: 'BadSignature' });
    await expect(verifyRaw(key!.point, utf8('other words'), by.raw)).rejects.toMatchObject({ why: 'BadSignature' });
    await expect(verifyRaw(key!.point, signed, by.raw.slice(1))).rejects.toMatchObject({ why: 'BadSignature' });
  });

  it('have one form in DER', () => {
    const small = join(new Uint8Array(31), [5], new Uint8Array(31), [0x80]);
    expect(hex(derOfRaw(small))).toBe('3007' + '020105' + '02020080');
    for (const raw of [small, unhex('ff'.repeat(64)), unhex('7f'.repeat(64)), unhex('00'.repeat(16) + '81'.repeat(48))]) {
      expect(hex(rawOfDer(derOfRaw(raw)))).toBe(hex(raw));
    }
    for (const wrong of ['', '30', '3000', '3006020105020105ff', '300702010502020005', '3006020185020105', '30060201050201', '3007020105020105', '3106020105020105', '3006020105030105', '308106020105020105', '300502000201ff', `3026022100${'ff'.repeat(33)}020105`, '3006028005020105']) {
      expect(() => rawOfDer(unhex(wrong)), wrong).toThrow(Refused);
    }
  });

  it('stand side by side where a set wants more than one', async () => {
    const one = await seal('revoke.1', revoke, key!.raw);
    const both = await countersign(one, 'revoke.1', other!.passkey);
    const opened = await open(both, 'revoke.1');
    expect(opened.signatures.length).toBe(2);
    expect(opened.hash).toEqual((await open(one, 'revoke.1')).hash);
    await expect(countersign(both, 'revoke.1', key!.raw)).rejects.toThrow(Refused);
  });
});

describe('an owner set', () => {
  const member = (one: TestKey) => ({ key: one.point, kind: 'passkey' as const, role: 'owner' as const, cameras: [], name: 'Maria' });
  const first = () => ({ device: revoke.device, epoch: 1n, version: 1n, previous: new Uint8Array(), members: [member(key!)], quorum: 1 });
  const start = async () => open(await seal('owner-set.1', first(), key!.passkey), 'owner-set.1');
  const next = async (change: object = {}, sign = key!.passkey) => {
    const before = await start();
    return nextOwnerSet(await seal('owner-set.1', { ...first(), version: 2n, previous: before.hash, ...change }, sign), before, [ORIGIN]);
  };

  it('is taken when an owner passkey of the one before signed it', async () => {
    expect((await next()).value.version).toBe(2n);
  });

  it('is refused otherwise', async () => {
    await expect(next({ previous: unhex('44'.repeat(32)) })).rejects.toMatchObject({ why: 'Bad', field: 'previous' });
    await expect(next({ device: unhex('44'.repeat(32)) })).rejects.toMatchObject({ why: 'WrongDevice' });
    await expect(next({ epoch: 2n })).rejects.toMatchObject({ why: 'Bad', field: 'version' });
    await expect(next({ version: 3n })).rejects.toMatchObject({ why: 'Bad', field: 'version' });
    await expect(next({}, key!.raw)).rejects.toMatchObject({ why: 'NotAllowed' });
    await expect(next({}, other!.passkey)).rejects.toMatchObject({ why: 'UnknownKey' });
    await expect(next({ members: [member(other!)] }, other!.passkey)).rejects.toMatchObject({ why: 'UnknownKey' });
    await expect(next({}, async (signed) => ({ ...(await other!.passkey(signed)), key: key!.key }))).rejects.toMatchObject({ why: 'BadSignature' });
  });
});

describe('receipts', () => {
  const device = unhex('11'.repeat(32));
  const entry = (number: bigint, previous: Bytes) => journalEntry.encode({ number, previous, wallMs: 0n, bootMs: 0n, bootId: unhex('00'), localDay: 0, body: { started: unhex('') } });
  const receipt = async (number: bigint, previous: Bytes) => open(await seal('receipt.1', { device, epoch: 1n, entry: entry(number, previous) }, key!.raw), 'receipt.1');

  it('hang on each other without a gap', async () => {
    const one = await receipt(7n, unhex('00'.repeat(32)));
    const hash = await sha256(one.value.entry);
    expect(await comesAfter(await receipt(8n, hash), one)).toBe(true);
    expect(await comesAfter(await receipt(9n, hash), one)).toBe(false);
    expect(await comesAfter(await receipt(8n, unhex('00'.repeat(32))), one)).toBe(false);
  });

  it('have the device’s signature and no other', async () => {
    const pinned = { id: device, key: key!.point };
    const bytes = await seal('receipt.1', { device, epoch: 1n, entry: entry(1n, unhex('00'.repeat(32))) }, key!.raw);
    expect((await deviceReceipt(bytes, pinned)).value.device).toEqual(device);
    await expect(deviceReceipt(await countersign(bytes, 'receipt.1', other!.raw), pinned)).rejects.toMatchObject({ why: 'UnknownKey' });
    const passkeyed = await seal('receipt.1', { device, epoch: 1n, entry: entry(1n, unhex('00'.repeat(32))) }, key!.passkey);
    await expect(deviceReceipt(passkeyed, pinned)).rejects.toMatchObject({ why: 'NotAllowed' });
    const forged = await seal('receipt.1', { device, epoch: 1n, entry: entry(1n, unhex('00'.repeat(32))) }, async (signed) => ({ ...(await other!.raw(signed)), key: key!.key }));
    await expect(deviceReceipt(forged, pinned)).rejects.toMatchObject({ why: 'BadSignature' });
  });
});

describe('an envelope', () => {
  const wrapped = async (change: object) => envelope.encode({ ...envelope.decode(await seal('revoke.1', revoke, key!.raw)), ...change });

  it.each([
    ['revoke.2', 'FromNewerVersion'], ['revoke.4294967295', 'FromNewerVersion'], ['revoke.4294967296', 'UnknownType'], ['revoke.0', 'UnknownType'], ['revoke.01', 'UnknownType'],
    ['revoke', 'UnknownType'], ['revoke.', 'UnknownType'], ['revoke.1.1', 'UnknownType'], ['other.2', 'UnknownType'], ['toString.2', 'UnknownType'], ['ceiling.1', 'Bad'],
  ])('of the type %s is refused: %s', async (type, why) => {
    await expect(open(await wrapped({ type }), 'revoke.1')).rejects.toMatchObject({ why });
  });

  it('is refused without a signature, too long, or with a payload that is not canonical', async () => {
    const payload = envelope.decode(await seal('revoke.1', revoke, key!.raw)).payload;
    await expect(wrapped({ signatures: [] })).rejects.toMatchObject({ why: 'Bad' });
    await expect(open(await wrapped({ payload: join(payload, new Uint8Array(4_000)) }), 'revoke.1')).rejects.toMatchObject({ why: 'TooLong' });
    await expect(open(new Uint8Array(65 * 1024), 'revoke.1')).rejects.toMatchObject({ why: 'TooLong' });
    await expect(open(await wrapped({ payload: join(payload, [0x60, 1]) }), 'revoke.1')).rejects.toMatchObject({ why: 'NotCanonical' });
  });
});

describe('points', () => {
  it('are those of the browser', async () => {
    const whole = uncompressed(key!.point);
    expect(hex(compressed(whole))).toBe(hex(key!.point));
    const pair = await crypto.subtle.importKey('spki', key!.spki, { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']);
    expect(hex(new Uint8Array(await crypto.subtle.exportKey('raw', pair)))).toBe(hex(whole));
    expect(hex(fromSpki(spki(key!.point)))).toBe(hex(key!.point));
  });

  it('off the curve, past the field or of another form are none', () => {
    const whole = uncompressed(key!.point);
    const off = whole.slice();
    off[64]! ^= 1;
    for (const wrong of [off, whole.slice(0, 64), join([2], whole.slice(1))]) expect(() => compressed(wrong)).toThrow(Refused);
    for (const wrong of ['', '02', `04${'11'.repeat(32)}`, `02${'ff'.repeat(32)}`, `02${hex(key!.point).slice(2)}00`]) {
      expect(() => uncompressed(unhex(wrong)), wrong).toThrow(Refused);
    }
    // 5 is the x of a point; 5 and the size of the field is no number of the field.
    const past = (2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n + 5n).toString(16);
    expect(uncompressed(unhex(`02${'00'.repeat(31)}05`)).length).toBe(65);
    expect(() => uncompressed(unhex(`02${past}`))).toThrow(Refused);
    // Half of all numbers are no point's x.
    const refused = Array.from({ length: 40 }, (_, x) => x).filter((x) => {
      try {
        return !uncompressed(unhex(`02${x.toString(16).padStart(64, '0')}`));
      } catch {
        return true;
      }
    });
    expect(refused.length).toBeGreaterThan(8);
    expect(refused.length).toBeLessThan(32);
  });
});

it('bytes have one way to be written', () => {
  expect(hex(unbase64url('-_8'))).toBe('fbff');
  for (const wrong of ['-_9', '-', '-_8=', '+/8', 'a b']) expect(() => unbase64url(wrong), wrong).toThrow(Refused);
  for (const wrong of ['0', 'AB', '0x', ' 00']) expect(() => unhex(wrong), wrong).toThrow(Refused);
});
