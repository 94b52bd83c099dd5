// Bytes as consent uses them: hex, base64url, joining, comparing, and the one hash. What bytes mean is said in
// proto.ts and objects.ts.

export type Bytes = Uint8Array<ArrayBuffer>;

/** Why something was not taken. The words are those of the device's own refusals (proto/design/consent.md). */
export type Why = 'TooLong' | 'NotProtobuf' | 'NotCanonical' | 'FromNewerVersion' | 'UnknownType' | 'Bad'
  | 'WrongDevice' | 'UnknownKey' | 'NotAllowed' | 'BadSignature' | 'WrongOrigin' | 'NotVerified';

/** Thrown wherever bytes or values are not exactly what they must be. Names the field, never its content. */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(
    readonly why: Why,
    readonly field = '',
  ) {
    super(field ? `${why}: ${field}` : why);
  }
}

export function join(...parts: ArrayLike<number>[]): Bytes {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Below 0, 0 or above 0, as strings of bytes are ordered everywhere. Not for secrets. */
export function compare(a: Bytes, b: Bytes): number {
  const differs = a.findIndex((byte, at) => byte !== b[at]);
  return differs < 0 || differs >= b.length ? a.length - b.length : a[differs]! - b[differs]!;
}

export const same = (a: Bytes, b: Bytes): boolean => compare(a, b) === 0;

export const hex = (bytes: Bytes): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Lower case only, so that every id has one way to be written. */
export function unhex(text: string): Bytes {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) throw new Refused('Bad', 'hex');
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** RFC 4648 section 5, without padding. */
export function base64url(bytes: Bytes): string {
  const plain = btoa(String.fromCharCode(...bytes));
  return plain.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Refuses padding, other alphabets and bits beyond the last byte: what is read is written the same again. */
export function unbase64url(text: string): Bytes {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) throw new Refused('Bad', 'base64url');
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  if (base64url(bytes) !== text) throw new Refused('Bad', 'base64url');
  return bytes;
}

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text);

/** Throws a TypeError on what is not UTF-8; keeps a byte order mark, which is a character like any other. */
export const fromUtf8 = (bytes: Bytes): string => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);

export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}
