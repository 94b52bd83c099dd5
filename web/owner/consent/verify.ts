// Checking signatures in the browser: plain P-256, a passkey's assertion, a newer owner set against the one before,
// and a device's receipts. Knows keys, not people: who may say what is the device's to decide.
import { base64url, fromUtf8, join, Refused, same, sha256, utf8, type Bytes } from './bytes';
import { journalEntry } from './journal';
import { isOwnerPasskey, type PasskeyAssertion, type Signature } from './objects';
import { keyId, uncompressed } from './point';
import { open, type Opened } from './signed';

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** Of the flags of authenticator data (WebAuthn Level 3, section 6.1): somebody was there, and was checked. */
const PRESENT = 0x01;
const VERIFIED = 0x04;

/** `signature` is r | s; `point` the compressed key. */
export async function verifyRaw(point: Bytes, signed: Bytes, signature: Bytes): Promise<void> {
  const key = await crypto.subtle.importKey('raw', uncompressed(point), ECDSA, false, ['verify']);
  if (!(await crypto.subtle.verify(ECDSA, key, signature, signed))) throw new Refused('BadSignature');
}

/** WebAuthn Level 3, section 7.2, as far as it is about the assertion; the challenge is the object's hash. */
export async function verifyPasskey(point: Bytes, signed: Bytes, assertion: PasskeyAssertion, origins: readonly string[]): Promise<void> {
  const { authenticatorData, clientData, signature } = assertion;
  const said = readClientData(clientData);
  if (said.type !== 'webauthn.get' || said.challenge !== base64url(await sha256(signed))) throw new Refused('BadSignature', 'challenge');
  const origin = origins.find((origin) => origin === said.origin);
  const party = origin && (await sha256(utf8(hostOf(origin))));
  if (!party || !same(party, authenticatorData.slice(0, 32)) || said.crossOrigin) throw new Refused('WrongOrigin');
  const wanted = PRESENT | VERIFIED;
  if ((authenticatorData[32]! & wanted) !== wanted) throw new Refused('NotVerified');
  await verifyRaw(point, join(authenticatorData, await sha256(clientData)), rawOfDer(signature));
}

export function verify(point: Bytes, signed: Bytes, by: Signature['by'], origins: readonly string[]): Promise<void> {
  return 'raw' in by ? verifyRaw(point, signed, by.raw) : verifyPasskey(point, signed, by.passkey, origins);
}

/** A set that follows `before`: signed by as many of its owner passkeys as it asks for. */
export async function nextOwnerSet(bytes: Bytes, before: Opened<'owner-set.1'>, origins: readonly string[]): Promise<Opened<'owner-set.1'>> {
  const next = await open(bytes, 'owner-set.1');
  const { device, epoch, version, members, quorum } = before.value;
  if (!same(next.value.device, device)) throw new Refused('WrongDevice');
  if (next.value.epoch !== epoch || next.value.version !== version + 1n) throw new Refused('Bad', 'version');
  if (!same(next.value.previous, before.hash)) throw new Refused('Bad', 'previous');
  const known = await Promise.all(members.filter(isOwnerPasskey).map(async ({ key }) => ({ key, id: await keyId(key) })));
  for (const { key, by } of next.signatures) {
    const signer = known.find(({ id }) => same(id, key));
    if (!signer) throw new Refused('UnknownKey');
    if (!('passkey' in by)) throw new Refused('NotAllowed');
    await verify(signer.key, next.signed, by, origins);
  }
  if (next.signatures.length < quorum) throw new Refused('NotAllowed', 'quorum');
  return next;
}

/** What the device says it did, under the key that was pinned at pairing. */
export async function deviceReceipt(bytes: Bytes, device: { id: Bytes; key: Bytes }): Promise<Opened<'receipt.1'>> {
  const receipt = await open(bytes, 'receipt.1');
  if (!same(receipt.value.device, device.id)) throw new Refused('WrongDevice');
  const [signature, ...more] = receipt.signatures;
  if (more.length > 0 || !same(signature!.key, await keyId(device.key))) throw new Refused('UnknownKey');
  if (!('raw' in signature!.by)) throw new Refused('NotAllowed');
  await verifyRaw(device.key, receipt.signed, signature!.by.raw);
  return receipt;
}

/** The relying party's id. As text, because a URL would be normalised. */
const hostOf = (origin: string): string => origin.replace(/^.*:\/\//, '').replace(/:.*/, '');

/** Whether one receipt comes right after the other: no number left out, and nothing between changed. */
export async function comesAfter(later: Opened<'receipt.1'>, earlier: Opened<'receipt.1'>): Promise<boolean> {
  const [after, before] = [journalEntry.decode(later.value.entry), journalEntry.decode(earlier.value.entry)];
  return after.number === before.number + 1n && same(after.previous, await sha256(earlier.value.entry));
}

interface ClientData {
  type: unknown;
  challenge: unknown;
  origin: unknown;
  crossOrigin?: unknown;
}

/** JSON with every key once, at any depth, so that no other reader can understand it differently. */
function readClientData(bytes: Bytes): ClientData {
  try {
    const text = fromUtf8(bytes);
    const said: unknown = JSON.parse(text);
    if (typeof said !== 'object' || said === null || Array.isArray(said) || saysTwice(text)) throw new SyntaxError();
    const { crossOrigin = false } = said as ClientData;
    if (typeof crossOrigin !== 'boolean') throw new SyntaxError();
    return said as ClientData;
  } catch {
    throw new Refused('BadSignature', 'client data');
  }
}

/** Whether a key comes twice in one object; `text` is known to be JSON. */
function saysTwice(text: string): boolean {
  const objects: Set<string>[] = [];
  for (const [, string, key, brace] of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|([{}])/g)) {
    if (brace === '{') objects.push(new Set());
    else if (brace) objects.pop();
    else if (key) {
      const seen = objects.at(-1)!;
      if (seen.size === seen.add(JSON.parse(string!)).size) return true;
    }
  }
  return false;
}

/** ECDSA-Sig-Value in DER (RFC 3279, section 2.2.3), in its one form, as r | s. */
export function rawOfDer(der: Bytes): Bytes {
  const [r, after] = integer(der, 2);
  const [s, end] = integer(der, after);
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || end !== der.length) throw new Refused('BadSignature', 'der');
  return join(r, s);
}

function integer(der: Bytes, at: number): [Bytes, number] {
  const end = at + 2 + (der[at + 1] ?? 0);
  const number = der.slice(at + 2, end);
  const [first = 0x80, second = 0x80] = number;
  const digits = first === 0 ? number.slice(1) : number;
  const shortest = first < 0x80 && (first > 0 || second >= 0x80);
  if (der[at] !== 2 || end > der.length || !shortest || digits.length > 32) throw new Refused('BadSignature', 'der');
  return [join(new Uint8Array(32 - digits.length), digits), end];
}
