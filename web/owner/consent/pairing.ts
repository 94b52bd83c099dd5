// The phone's half of pairing with a device: what the QR code says, what the phone says (hello), and whether an answer
// is the device's. The secret of the QR code proves each to the other; the mailbox between them can drop, not forge.
// Carrying bytes is not here. Byte by byte: proto/design/consent.md, "Pairing".
import { join, Refused, same, sha256, unbase64url, unhex, utf8, type Bytes } from './bytes';
import { bytes } from './kinds';
import { keyId, spki } from './point';
import { message, one } from './proto';
import { open } from './signed';
import { verifyRaw } from './verify';

/** What the QR code on the device says. The secret is good for one pairing, and no server sees it. */
export interface Invitation {
  readonly device: Bytes;
  readonly epoch: bigint;
  readonly secret: Bytes;
}

/** Envelopes, sealed. */
export interface FirstWords {
  readonly ownerSet: Bytes;
  readonly ceiling: Bytes;
  readonly policy?: Bytes;
}

/** The device as this phone will know it from now on. */
export interface Pinned {
  readonly device: Bytes;
  readonly epoch: bigint;
  readonly key: Bytes;
  readonly origins: readonly string[];
  /** Hash of the owner set that the device holds. */
  readonly ownerSet: Bytes;
}

export interface Hello {
  readonly body: Bytes;
  readonly hash: Bytes;
  readonly ownerSet: Bytes;
}

const MAC_BYTES = 32;
const LONGEST = 80 * 1024;
const envelopeBytes = (least: number) => bytes(least, LONGEST);
const hello = message({
  device: one(1, bytes(32)),
  ownerSet: one(2, envelopeBytes(1)),
  ceiling: one(3, envelopeBytes(1)),
  policy: one(4, envelopeBytes(0)),
});

/** `#p=<device>.<secret>`, with `.<epoch>` behind it after a factory reset. `null`: this is no invitation. */
export function invitation(fragment: string): Invitation | null {
  const [, device, secret, epoch = '1'] = /^#p=([\da-f]{64})\.([\w-]{22})(?:\.([1-9]\d{0,18}))?$/.exec(fragment) ?? [];
  if (!device || !secret || fragment.endsWith('.1')) return null;
  try {
    return { device: unhex(device), epoch: BigInt(epoch), secret: unbase64url(secret) };
  } catch {
    return null;
  }
}

/** MAC | hello. Refuses words that are not for this device and epoch: it would not take them. */
export async function sayHello(to: Invitation, words: FirstWords): Promise<Hello> {
  const ownerSet = await open(words.ownerSet, 'owner-set.1');
  const all = [ownerSet, await open(words.ceiling, 'ceiling.1'), ...(words.policy ? [await open(words.policy, 'policy.1')] : [])];
  for (const { value } of all) {
    if (!same(value.device, to.device)) throw new Refused('WrongDevice');
    if (value.epoch !== to.epoch || value.version !== 1n) throw new Refused('Bad', 'version');
  }
  const said = hello.encode({ device: to.device, policy: new Uint8Array(), ...words });
  const key = await macKey(to);
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, covered('phone', said)));
  const body = join(mac, said);
  if (body.length > LONGEST) throw new Refused('TooLong');
  return { body, hash: await sha256(body), ownerSet: ownerSet.hash };
}

/** MAC | envelope of a `paired.1` that the device signed. Throws unless it is the device's answer to this hello. */
export async function readAnswer(from: Invitation, to: Hello, answer: Bytes, origin: string): Promise<Pinned> {
  if (answer.length > LONGEST) throw new Refused('TooLong');
  const [mac, said] = [answer.slice(0, MAC_BYTES), answer.slice(MAC_BYTES)];
  if (!(await crypto.subtle.verify('HMAC', await macKey(from), mac, covered('device', said)))) throw new Refused('BadSignature', 'mac');
  const { value, signed, signatures } = await open(said, 'paired.1');
  if (!same(value.device, from.device) || !same(await sha256(spki(value.key)), from.device)) throw new Refused('WrongDevice');
  if (value.epoch !== from.epoch) throw new Refused('Bad', 'epoch');
  if (!same(value.hello, to.hash) || !same(value.ownerSet, to.ownerSet)) throw new Refused('Bad', 'hello');
  if (!value.origins.includes(origin)) throw new Refused('WrongOrigin');
  const [{ key, by }, ...more] = signatures as [(typeof signatures)[0]];
  if (more.length > 0 || !same(key, await keyId(value.key)) || !('raw' in by)) throw new Refused('UnknownKey');
  await verifyRaw(value.key, signed, by.raw);
  const { device, epoch, origins, ownerSet } = value;
  return { device, epoch, key: value.key, origins, ownerSet };
}

async function macKey({ secret, device }: Invitation): Promise<CryptoKey> {
  const root = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
  const way = { name: 'HKDF', hash: 'SHA-256', salt: device, info: utf8('ASSENT-PAIR-v1') };
  return crypto.subtle.deriveKey(way, root, { name: 'HMAC', hash: 'SHA-256', length: 256 }, false, ['sign', 'verify']);
}

const covered = (who: 'phone' | 'device', said: Bytes): Bytes => join(utf8(`${who}\0`), said);
