// The two keys that an owner signs with. The phone key lives in this browser and can never leave it; it signs at
// once. A passkey lives in the phone's lock or a security key, and asks for face, finger or code each time.
import { base64url, Refused, sha256, type Bytes } from './bytes';
import { within, type Passkey } from './memory';
import type { Signature } from './objects';
import { compressed, fromSpki, keyId } from './point';
import type { Sign } from './signed';
import { verifyPasskey } from './verify';

export type { Passkey };

/** Why this phone cannot sign, in words for whoever holds it. */
export class CannotSign extends Error {
  override readonly name = 'CannotSign';
  constructor(readonly sentence: string, cause?: unknown) {
    super(sentence, { cause });
  }
}

// ---- the phone key

const P256 = { name: 'ECDSA', namedCurve: 'P-256' };
const PHONE = 'phone';

export interface PhoneKey {
  /** Compressed, as an owner set names it. */
  readonly point: Bytes;
  readonly sign: Sign;
}

/** What keeps this browser from having a phone key; `null` where nothing does. */
export function noPhoneKey(): string | null {
  if (!globalThis.isSecureContext) return 'This page was not opened over a safe connection (https), so it cannot keep a key.';
  if (!globalThis.crypto?.subtle || !globalThis.indexedDB) return 'This browser cannot keep a key. Use a newer one, outside of private browsing.';
  return null;
}

/** This phone's key: the one that it has, or a new one. `null`: there is none, and none was asked for. */
export async function phoneKey(make: 'make'): Promise<PhoneKey>;
export async function phoneKey(make?: 'make'): Promise<PhoneKey | null>;
export async function phoneKey(make?: 'make'): Promise<PhoneKey | null> {
  const why = noPhoneKey();
  if (why) throw new CannotSign(why);
  const pair = await keptPair(make).catch((failure: unknown) => {
    throw new CannotSign('This phone could not store a key. Free some space and leave private browsing.', failure);
  });
  return pair && withPair(pair);
}

async function withPair({ publicKey, privateKey }: CryptoKeyPair): Promise<PhoneKey> {
  const point = compressed(new Uint8Array(await crypto.subtle.exportKey('raw', publicKey)));
  const key = await keyId(point);
  const sign: Sign = async (signed) => {
    const raw = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, signed);
    return { key, by: { raw: new Uint8Array(raw) } };
  };
  return { point, sign };
}

async function keptPair(make?: 'make'): Promise<CryptoKeyPair | null> {
  // Made first: a transaction ends while anything else is waited for. A second tab may have been quicker; the key
  // that is on disk counts.
  const made = make && (await crypto.subtle.generateKey(P256, false, ['sign', 'verify']));
  let pair: CryptoKeyPair | null = null;
  await within('keys', 'readwrite', (store) => {
    const looked = store.get(PHONE) as IDBRequest<CryptoKeyPair | undefined>;
    looked.onsuccess = () => {
      pair = looked.result ?? made ?? null;
      if (pair && !looked.result) store.add(pair, PHONE);
    };
    return looked;
  });
  return pair;
}

// ---- passkeys

const ES256 = -7;
/** Long enough for somebody who looks for a security key. */
const PATIENCE_MS = 120_000;

export function noPasskeys(): string | null {
  if (!globalThis.isSecureContext) return 'This page was not opened over a safe connection (https), so it cannot use a passkey.';
  if (typeof globalThis.PublicKeyCredential !== 'function') return 'This browser has no passkeys. Use a newer one.';
  return null;
}

/** Makes a passkey for this origin. `name` is what the phone shows when it asks again. */
export async function makePasskey(name: string, known: readonly Passkey[] = []): Promise<Passkey> {
  const options: PublicKeyCredentialCreationOptions = {
    rp: { id: location.hostname, name: 'Assent' },
    user: { id: random(32), name, displayName: name },
    challenge: random(32),
    pubKeyCredParams: [{ type: 'public-key', alg: ES256 }],
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    excludeCredentials: known.map(descriptor),
    attestation: 'none',
    timeout: PATIENCE_MS,
  };
  const { credential, response } = await asked<AuthenticatorAttestationResponse>((container) => container.create({ publicKey: options }));
  try {
    // A browser without this would need a CBOR reader of ours; all of today's have it.
    return { credential, point: fromSpki(new Uint8Array(response.getPublicKey()!)) };
  } catch (failure) {
    throw new CannotSign('This passkey is of a sort that your device cannot check. Use another phone or security key.', failure);
  }
}

/**
 * A signature by whichever of these passkeys the person takes. It is checked here too, so that a signature that the
 * device would refuse is noticed by the one who can do something about it.
 */
export const passkeySign = (known: readonly Passkey[]): Sign => (signed) => signWithPasskey(known, signed);

async function signWithPasskey(known: readonly Passkey[], signed: Bytes): Promise<Signature> {
  const options: PublicKeyCredentialRequestOptions = {
    rpId: location.hostname,
    challenge: await sha256(signed),
    allowCredentials: known.map(descriptor),
    userVerification: 'required',
    timeout: PATIENCE_MS,
  };
  const { credential, response } = await asked<AuthenticatorAssertionResponse>((container) => container.get({ publicKey: options }));
  const passkey = known.find((one) => base64url(one.credential) === base64url(credential));
  if (!passkey) throw new CannotSign('That passkey is not one of yours for this device.');
  const assertion = {
    authenticatorData: new Uint8Array(response.authenticatorData),
    clientData: new Uint8Array(response.clientDataJSON),
    signature: new Uint8Array(response.signature),
  };
  await verifyPasskey(passkey.point, signed, assertion, [location.origin]).catch((failure: unknown) => {
    throw new CannotSign(whyUseless(failure), failure);
  });
  return { key: await keyId(passkey.point), by: { passkey: assertion } };
}

function whyUseless(failure: unknown): string {
  return failure instanceof Refused && failure.why === 'NotVerified'
    ? 'Your passkey did not check that it is you. Set a code, face or finger on this phone.'
    : 'Your passkey gave a signature that does not hold. Nothing was sent.';
}

interface Answered<R> {
  credential: Bytes;
  response: R;
}

async function asked<R>(ask: (container: CredentialsContainer) => Promise<Credential | null>): Promise<Answered<R>> {
  const why = noPasskeys();
  if (why) throw new CannotSign(why);
  try {
    const { rawId, response } = (await ask(navigator.credentials)) as PublicKeyCredential;
    return { credential: new Uint8Array(rawId), response: response as R };
  } catch (failure) {
    throw new CannotSign(whyNone(failure), failure);
  }
}

function whyNone(failure: unknown): string {
  switch (failure instanceof DOMException ? failure.name : '') {
    case 'NotAllowedError':
    case 'AbortError':
      return 'You did not use your passkey, so nothing was signed.';
    case 'InvalidStateError':
      return 'This phone already has a passkey for this page.';
    case 'SecurityError':
      return 'This page may not use passkeys at this address.';
    default:
      return 'Your passkey could not be used. Try again.';
  }
}

const descriptor = ({ credential }: Passkey): PublicKeyCredentialDescriptor => ({ type: 'public-key', id: credential });

const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));
