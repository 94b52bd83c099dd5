// Signed words written and read without any code of the product: just enough for a town's agency, and for a stand-in
// of a device. Byte by byte: proto/design/consent.md.
import { createECDH, createHash, createPrivateKey, sign } from 'node:crypto';

const SPKI = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest();

export class Key {
  constructor() {
    const pair = createECDH('prime256v1');
    pair.generateKeys();
    const point = pair.getPublicKey();
    this.spki = Buffer.concat([SPKI, point]);
    this.point = pair.getPublicKey(null, 'compressed');
    this.id = sha256(this.point);
    const padded = (part) => Buffer.concat([Buffer.alloc(32 - part.length), part]).toString('base64url');
    const [x, y, d] = [point.subarray(1, 33), point.subarray(33), pair.getPrivateKey()].map(padded);
    this.secret = createPrivateKey({ key: { kty: 'EC', crv: 'P-256', x, y, d }, format: 'jwk' });
  }

  /** The signature of a plain key. */
  raw(signed) {
    return Buffer.concat([run(1, this.id), run(2, sign('sha256', signed, { key: this.secret, dsaEncoding: 'ieee-p1363' }))]);
  }

  /** The signature of a passkey that was asked by a page of this origin. */
  passkey(origin) {
    return (signed) => {
      const client = Buffer.from(JSON.stringify({ type: 'webauthn.get', challenge: sha256(signed).toString('base64url'), origin }));
      const data = Buffer.concat([sha256(new URL(origin).hostname), Buffer.from([5, 0, 0, 0, 0])]);
      const assertion = [run(1, data), run(2, client), run(3, sign('sha256', Buffer.concat([data, sha256(client)]), this.secret))];
      return Buffer.concat([run(1, this.id), run(3, Buffer.concat(assertion))]);
    };
  }
}

const varint = (value) => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]);
export const number = (field, value) => Buffer.from([...varint(field << 3), ...varint(value)]);
export const run = (field, bytes) => Buffer.concat([Buffer.from([...varint((field << 3) | 2), ...varint(bytes.length)]), Buffer.from(bytes)]);

/** The runs of bytes in a message: the first with this number. */
export function fieldOf(bytes, wanted) {
  for (let at = 0; at < bytes.length; ) {
    const read = () => {
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++];
        value += (byte & 0x7f) * 2 ** shift;
        if (byte < 0x80) return value;
      }
    };
    const tag = read();
    const value = read();
    if ((tag & 7) !== 2) continue;
    if (tag >> 3 === wanted) return bytes.subarray(at, at + value);
    at += value;
  }
  return undefined;
}

export function signedBytes(type, payload) {
  const lengths = [Buffer.alloc(2), Buffer.alloc(4)];
  lengths[0].writeUInt16BE(type.length);
  lengths[1].writeUInt32BE(payload.length);
  return Buffer.concat([Buffer.from('ASSENT-SIG-v1\0'), lengths[0], Buffer.from(type), lengths[1], payload]);
}

export function envelope(type, payload, by) {
  const signed = signedBytes(type, payload);
  return { bytes: Buffer.concat([run(1, Buffer.from(type)), run(2, payload), run(3, by(signed))]), hash: sha256(signed) };
}

/** An agency of one supervisor with a passkey of the console: its set, and the name that it has in signed words. */
export function agency(consoleOrigin) {
  const supervisor = new Key();
  const member = Buffer.concat([run(1, supervisor.point), number(2, 1)]);
  const set = Buffer.concat([number(2, 1), run(4, member), number(5, 1), run(6, Buffer.from(consoleOrigin))]);
  const { bytes, hash } = envelope('agency-set.1', set, supervisor.passkey(consoleOrigin));
  return { signedAs: hash.toString('hex'), envelope: bytes.toString('base64url') };
}
