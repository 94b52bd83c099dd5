// What exactly is signed, what an object's hash is, and how an envelope is sealed and opened. Opening says what the
// words are and that they are well formed; whether their signatures hold is in verify.ts.
import { compare, join, Refused, sha256, utf8, type Bytes } from './bytes';
import { envelope, objects, type Envelope, type ObjectOf, type Signature, type TypeName } from './objects';
import type { Message } from './proto';

const DOMAIN = utf8('ASSENT-SIG-v1\0');
const LONGEST = 64 * 1024;

/** Signs in a person's name: the phone's key or a passkey (keys.ts). */
export type Sign = (signed: Bytes) => Promise<Signature>;

export interface Opened<T extends TypeName> {
  readonly type: T;
  readonly value: ObjectOf<T>;
  /** Over these the signatures are, and of these the hash is. */
  readonly signed: Bytes;
  readonly hash: Bytes;
  readonly signatures: readonly Signature[];
}

/** "ASSENT-SIG-v1" 00 | u16 length of type | type | u32 length of payload | payload, big endian. */
export function signedBytes(type: string, payload: Bytes): Bytes {
  const name = utf8(type);
  const lengths = new DataView(new ArrayBuffer(6));
  lengths.setUint16(0, name.length);
  lengths.setUint32(2, payload.length);
  const length = new Uint8Array(lengths.buffer);
  return join(DOMAIN, length.slice(0, 2), name, length.slice(2), payload);
}

/** An object's identity. A second signature on the same payload is the same object. */
export const hashOf = (type: string, payload: Bytes): Promise<Bytes> => sha256(signedBytes(type, payload));

export function payloadOf<T extends TypeName>(type: T, value: ObjectOf<T>): Bytes {
  return (objects[type].message as Message<unknown>).encode(value);
}

export async function seal<T extends TypeName>(type: T, value: ObjectOf<T>, sign: Sign): Promise<Bytes> {
  const payload = payloadOf(type, value);
  return bounded(type, { type, payload, signatures: [await sign(signedBytes(type, payload))] });
}

/** One more signature on the same words: where an owner set asks for several passkeys. */
export async function countersign<T extends TypeName>(bytes: Bytes, type: T, sign: Sign): Promise<Bytes> {
  const { signed } = await open(bytes, type);
  const { payload, signatures } = envelope.decode(bytes);
  const all = [...signatures, await sign(signed)];
  return bounded(type, { type, payload, signatures: all.sort((a, b) => compare(a.key, b.key)) });
}

function bounded(type: TypeName, sealed: Envelope): Bytes {
  const bytes = envelope.encode(sealed);
  if (bytes.length > objects[type].most) throw new Refused('TooLong');
  return bytes;
}

/** In the device's own order: size, parse, canonical, version. */
export async function open<T extends TypeName>(bytes: Bytes, expected: T): Promise<Opened<T>> {
  if (bytes.length > LONGEST) throw new Refused('TooLong');
  const { type, payload, signatures } = envelope.decode(bytes);
  if (!isKnown(type)) throw new Refused(isNewer(type) ? 'FromNewerVersion' : 'UnknownType');
  if (bytes.length > objects[type].most) throw new Refused('TooLong');
  if (type !== expected) throw new Refused('Bad', 'type');
  const value = objects[expected].message.decode(payload) as ObjectOf<T>;
  const signed = signedBytes(type, payload);
  return { type: expected, value, signed, hash: await sha256(signed), signatures };
}

const isKnown = (type: string): type is TypeName => Object.hasOwn(objects, type);

function isNewer(type: string): boolean {
  const [, name, version] = /^([^.]*)\.([1-9]\d*)$/.exec(type) ?? [];
  return Number(version) > 1 && Number(version) < 2 ** 32 && isKnown(`${name}.1`);
}
