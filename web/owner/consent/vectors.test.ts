// @vitest-environment node
// The test vectors that the device's implementation wrote (proto/vectors): both sides must read them alike.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hex, join, Refused, same, unhex, utf8, type Bytes } from './bytes';
import { envelope, objects, type PasskeyAssertion, type Signature, type TypeName } from './objects';
import { invitation, sayHello } from './pairing';
import { keyId } from './point';
import { toSign } from './reading';
import { hashOf, open, payloadOf, signedBytes } from './signed';
import { comesAfter, deviceReceipt, nextOwnerSet, verify } from './verify';

interface Case {
  name: string;
  envelope: string;
  hash: string;
  payload: string;
  signed: string;
  signatures: { signer: string; key: string; raw?: string; passkey?: Record<string, string> }[];
  value: unknown;
}
interface TestKey {
  name: string;
  public: string;
  key_id: string;
  origin: string;
}
interface RefusedSignature {
  name: string;
  accepted_origin: string;
  hash: string;
  key: string;
  refusal: string;
  signature: { raw?: string; passkey?: Record<string, string> };
}
interface RefusedWord {
  name: string;
  envelope: string;
  refusal: string;
}

const folder = fileURLToPath(new URL('../../../proto/vectors/', import.meta.url));
const read = <T>(file: string): T => JSON.parse(readFileSync(folder + file, 'utf8')) as T;
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
const words = files.map((file) => read<{ type?: TypeName; cases?: Case[] }>(file)).flatMap(({ type, cases }) => (type && cases ? cases.map((one) => ({ ...one, type })) : []));
const { keys } = read<{ keys: TestKey[] }>('keys.json');
const keyNamed = (name: string) => keys.find((key) => key.name === name)!;
const envelopes = (type: TypeName) => words.filter((one) => one.type === type).map((one) => unhex(one.envelope));

/** Their JSON of a value of ours: hex, snake case, names of enums in capitals, the chosen one of several in line. */
function theirs(value: unknown, name = ''): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint8Array) return hex(value as Bytes);
  if (Array.isArray(value)) return value.map((one) => theirs(one));
  if (typeof value === 'string') return isEnum(name, value) ? snake(value).toUpperCase() : value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) => (isChoice(key, part) ? Object.entries(part as object) : [[key, part] as [string, unknown]]).map(([key, part]) => [snake(key), theirs(part, key)])),
  );
}
const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const isChoice = (key: string, part: unknown) => key === 'scope' || (key === 'kind' && typeof part === 'object');
const isEnum = (name: string, value: string) => ['role', 'trigger', 'answer', 'level', 'at', 'reason'].includes(name) || (name === 'kind' && ['passkey', 'phone'].includes(value));

function signatureOf({ raw, passkey }: RefusedSignature['signature']): Signature['by'] {
  if (raw !== undefined) return { raw: unhex(raw) };
  const part = (name: string) => unhex(passkey![name]!);
  const assertion: PasskeyAssertion = { authenticatorData: part('authenticator_data'), clientData: part('client_data'), signature: part('signature') };
  return { passkey: assertion };
}

it('there are vectors for every type but the answer of a pairing', () => {
  const without = Object.keys(objects).filter((type) => !words.some((one) => one.type === type));
  expect(without).toEqual(['paired.1']);
});

describe.each(words)('$type: $name', (one) => {
  it('says the same and is written the same', async () => {
    const opened = await open(unhex(one.envelope), one.type);
    expect(theirs(opened.value)).toEqual(one.value);
    expect(hex(payloadOf(one.type, opened.value))).toBe(one.payload);
    expect(hex(opened.signed)).toBe(one.signed);
    expect(hex(signedBytes(one.type, unhex(one.payload)))).toBe(one.signed);
    expect([hex(opened.hash), hex(await hashOf(one.type, unhex(one.payload)))]).toEqual([one.hash, one.hash]);
    expect(hex(envelope.encode({ type: one.type, payload: unhex(one.payload), signatures: opened.signatures }))).toBe(one.envelope);
  });

  it('is signed by those who say so', async () => {
    const { signed, signatures } = await open(unhex(one.envelope), one.type);
    expect(signatures.length).toBe(one.signatures.length);
    for (const [at, { key, by }] of signatures.entries()) {
      const signer = keyNamed(one.signatures[at]!.signer);
      expect(hex(await keyId(unhex(signer.public)))).toBe(hex(key));
      expect(by).toEqual(signatureOf(one.signatures[at]!));
      await verify(unhex(signer.public), signed, by, [signer.origin]);
    }
  });

  it('holds no longer with any bit changed', async () => {
    const bytes = unhex(one.envelope);
    // Every bit of the two that matter most, and of the others as many as do not slow the tests down.
    const step = ['a silent panic', 'everything'].includes(one.name) ? 1 : 13;
    for (let bit = 0; bit < bytes.length * 8; bit += step) {
      const flipped = bytes.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      await expect(allHold(flipped, one.type), `bit ${bit}`).rejects.toBeInstanceOf(Refused);
    }
  }, 30_000);
});

/** As a device would: every signature, by keys that it knows. */
async function allHold(bytes: Bytes, type: TypeName): Promise<void> {
  const { signed, signatures } = await open(bytes, type);
  for (const { key, by } of signatures) {
    const signer = keys.find(({ key_id }) => key_id === hex(key));
    if (!signer) throw new Refused('UnknownKey');
    await verify(unhex(signer.public), signed, by, [signer.origin]);
  }
}

it.each(read<{ cases: RefusedSignature[] }>('refused-signatures.json').cases)('refuses a signature: $name', async ({ accepted_origin, hash, key, refusal, signature }) => {
  const signed = unhex(words.find((one) => one.hash === hash)!.signed);
  const verified = verify(unhex(keyNamed(key).public), signed, signatureOf(signature), [accepted_origin]);
  await expect(verified).rejects.toThrow(expect.objectContaining({ name: 'Refused', why: refusal }));
});

/** Read as what it says it is; what does not even say that is read as a trigger. */
async function openAny(bytes: Bytes): Promise<unknown> {
  const said = Object.keys(objects).find((type) => hex(bytes).startsWith(hex(join([0x0a, type.length], utf8(type)))));
  return open(bytes, (said ?? 'trigger.1') as TypeName);
}

/** Here one of the two, read, is not written back as both. */
const OTHERWISE: Record<string, string> = { 'raw and passkey at once': 'NotCanonical' };

it.each(read<{ cases: RefusedWord[] }>('refused-envelopes.json').cases)('refuses an envelope: $name', async ({ name, envelope, refusal }) => {
  const why = OTHERWISE[name] ?? refusal.replace(/\(.*/, '');
  await expect(openAny(unhex(envelope))).rejects.toThrow(expect.objectContaining({ name: 'Refused', why }));
});

it('an owner set is taken only after the one before it', async () => {
  const [first, second, third] = envelopes('owner-set.1') as [Bytes, Bytes, Bytes];
  const origins = ['https://owner.example.org'];
  const start = await open(first, 'owner-set.1');
  const next = await nextOwnerSet(second, start, origins);
  expect((await nextOwnerSet(third, next, origins)).value.version).toBe(3n);
  await expect(nextOwnerSet(third, start, origins)).rejects.toMatchObject({ why: 'Bad' });
  await expect(nextOwnerSet(second, next, origins)).rejects.toMatchObject({ why: 'Bad' });
  await expect(nextOwnerSet(second, start, ['https://other.example.org'])).rejects.toMatchObject({ why: 'WrongOrigin' });
  const { type, payload, signatures } = envelope.decode(third);
  const alone = envelope.encode({ type, payload, signatures: signatures.slice(0, 1) });
  await expect(nextOwnerSet(alone, next, origins)).rejects.toMatchObject({ why: 'NotAllowed', field: 'quorum' });
});

it('a receipt is the device’s, and one does not follow itself', async () => {
  const [bytes] = envelopes('receipt.1') as [Bytes];
  const id = unhex('11'.repeat(32));
  const receipt = await deviceReceipt(bytes, { id, key: unhex(keyNamed('device').public) });
  expect(await comesAfter(receipt, receipt)).toBe(false);
  await expect(deviceReceipt(bytes, { id, key: unhex(keyNamed('owner-phone').public) })).rejects.toMatchObject({ why: 'UnknownKey' });
  await expect(deviceReceipt(bytes, { id: unhex('12'.repeat(32)), key: unhex(keyNamed('device').public) })).rejects.toMatchObject({ why: 'WrongDevice' });
});

/** For the other implementation: secret 000102…0f, the first set, ceiling and policy of the vectors. */
it('a hello of their words has this MAC and this name', async () => {
  const [ownerSet, ceiling, policy] = [envelopes('owner-set.1')[0]!, envelopes('ceiling.1')[0]!, envelopes('policy.1')[0]!];
  const to = invitation(`#p=${'11'.repeat(32)}.AAECAwQFBgcICQoLDA0ODw`)!;
  const { body, hash } = await sayHello(to, { ownerSet, ceiling, policy });
  expect(hex(body.slice(0, 32))).toBe('a2d8440aa96c30ada465fe88d3eb89b03c956d4baf163097a16d90461b712053');
  expect(hex(hash)).toBe('8fae089e73d1068f41bf24a3aa44b874dbe7481f09e2ad5565f921261f68cf22');
});

it('their policy reads as this page would show it', async () => {
  const { value } = await open(envelopes('policy.1')[0]!, 'policy.1');
  const lines = toSign(value, new Map([['1', 'front door'], ['2', 'till'], ['3', 'yard'], ['300', 'street']]));
  expect(lines.slice(0, 4)).toEqual([
    '1. When I press the button: front door and till, Springfield PD, 30 minutes, with the 15 seconds before.',
    '2. When Springfield PD’s gunshot alarm fires within 300 m: front door only, 15 minutes, at most twice a day, not again for 10 minutes, not between 22:00 and 06:00.',
    '3. When Springfield PD’s alert “alarm-panel” or gunshot alarm fires anywhere and I say yes: front door, till and yard, 15 minutes.',
    '4. At all times until I end it: street only, Springfield PD, renewed every 24 hours.',
  ]);
  expect(same(value.agencies[0]!.id, (await open(envelopes('agency-set.1')[0]!, 'agency-set.1')).hash)).toBe(true);
});
