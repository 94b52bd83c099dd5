// Public keys on P-256: compressed (SEC 1, section 2.3.3) where consent names them, uncompressed where WebCrypto
// takes them, and as a SubjectPublicKeyInfo where browsers and devices hand them out. Only public values pass here,
// so that nothing has to run in constant time.
import { hex, join, Refused, sha256, unhex, type Bytes } from './bytes';

const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
/** What stands before the point in a SubjectPublicKeyInfo of a P-256 key (RFC 5480). */
const SPKI = unhex('3059301306072a8648ce3d020106082a8648ce3d030107034200');

/** The 33 bytes of a point given in 65. */
export function compressed(point: Bytes): Bytes {
  if (point.length !== 65 || point[0] !== 4) throw new Refused('Bad', 'key');
  const short = join([2 + (point[64]! & 1)], point.slice(1, 33));
  if (hex(uncompressed(short)) !== hex(point)) throw new Refused('Bad', 'key');
  return short;
}

/** The 65 bytes of a point given in 33; refuses what is not on the curve. */
export function uncompressed(point: Bytes): Bytes {
  const odd = BigInt(point[0] ?? 0) - 2n;
  const x = BigInt(`0x0${hex(point.slice(1))}`);
  const square = (x ** 3n - 3n * x + B) % P;
  // P is 3 modulo 4, so a square's root is its power of (P + 1) / 4 (SEC 1, section 2.3.4).
  const root = power(square, (P + 1n) / 4n);
  if (point.length !== 33 || (odd !== 0n && odd !== 1n) || x >= P || (root * root - square) % P !== 0n) {
    throw new Refused('Bad', 'key');
  }
  const y = (root & 1n) === odd ? root : P - root;
  return join([4], point.slice(1), unhex(y.toString(16).padStart(64, '0')));
}

export const spki = (point: Bytes): Bytes => join(SPKI, uncompressed(point));

export function fromSpki(der: Bytes): Bytes {
  const point = compressed(der.slice(SPKI.length));
  if (hex(spki(point)) !== hex(der)) throw new Refused('Bad', 'key');
  return point;
}

/** How a key is called everywhere. */
export const keyId = (point: Bytes): Promise<Bytes> => sha256(point);

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}
