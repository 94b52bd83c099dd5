// Making and using a passkey: WebAuthn's JSON forms to and from the browser's objects, and the two exchanges
// with the hub. Older browsers lack the JSON methods of WebAuthn level 3, so both ways are here.
import { call } from './client';
import type { Me } from './shapes';

interface CreationChallenge {
  challengeId: string;
  publicKey: PublicKeyCredentialCreationOptionsJSON;
}

interface RequestChallenge {
  challengeId: string;
  publicKey: PublicKeyCredentialRequestOptionsJSON;
}

export function passkeysPossible(): boolean {
  return typeof PublicKeyCredential === 'function' && isSecureContext;
}

/** Asks for a passkey and signs in. Rejects with NotAllowedError when the person says no. */
export async function signInWithPasskey(): Promise<Me> {
  const challenge = await call<RequestChallenge>('POST', '/api/session/passkey/challenge', { body: {} });
  const publicKey = parseRequest(challenge.publicKey);
  const credential = await navigator.credentials.get({ publicKey });
  const body = { challengeId: challenge.challengeId, credential: credentialJson(credential) };
  const { me } = await call<{ me: Me }>('POST', '/api/session/passkey', { body });
  return me;
}

/** Makes a passkey on this phone or computer for the person who is signed in. */
export async function makePasskey(label: string): Promise<void> {
  const challenge = await call<CreationChallenge>('POST', '/api/passkeys/challenge', {
    body: {},
    idempotencyKey: crypto.randomUUID(),
  });
  const publicKey = parseCreation(challenge.publicKey);
  const credential = await navigator.credentials.create({ publicKey });
  const body = { challengeId: challenge.challengeId, credential: credentialJson(credential), label };
  await call('POST', '/api/passkeys', { body, idempotencyKey: challenge.challengeId });
}

/** True when the person closed the browser's own dialog: nothing to complain about. */
export function personSaidNo(thrown: unknown): boolean {
  return thrown instanceof DOMException && ['NotAllowedError', 'AbortError'].includes(thrown.name);
}

function parseCreation(options: PublicKeyCredentialCreationOptionsJSON): PublicKeyCredentialCreationOptions {
  const parse = globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON;
  if (parse) return parse.call(PublicKeyCredential, options);
  return {
    ...(options as unknown as PublicKeyCredentialCreationOptions),
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: (options.excludeCredentials ?? []).map(descriptor),
  };
}

function parseRequest(options: PublicKeyCredentialRequestOptionsJSON): PublicKeyCredentialRequestOptions {
  const parse = globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON;
  if (parse) return parse.call(PublicKeyCredential, options);
  return {
    ...(options as unknown as PublicKeyCredentialRequestOptions),
    challenge: bytes(options.challenge),
    allowCredentials: (options.allowCredentials ?? []).map(descriptor),
  };
}

function descriptor(json: PublicKeyCredentialDescriptorJSON): PublicKeyCredentialDescriptor {
  return { ...(json as unknown as PublicKeyCredentialDescriptor), id: bytes(json.id) };
}

function credentialJson(credential: Credential | null): unknown {
  if (!(credential instanceof PublicKeyCredential)) throw new TypeError('the browser gave no passkey');
  if (typeof credential.toJSON === 'function') return credential.toJSON();
  const { response } = credential;
  const common = {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
  const clientDataJSON = text(response.clientDataJSON);
  if (response instanceof AuthenticatorAttestationResponse) {
    return { ...common, response: { clientDataJSON, attestationObject: text(response.attestationObject) } };
  }
  const assertion = response as AuthenticatorAssertionResponse;
  return {
    ...common,
    response: {
      clientDataJSON,
      authenticatorData: text(assertion.authenticatorData),
      signature: text(assertion.signature),
      userHandle: assertion.userHandle ? text(assertion.userHandle) : null,
    },
  };
}

/** base64url without padding, as WebAuthn level 3 section 5.1 has it. */
export function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  const plain = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

export function text(buffer: ArrayBuffer): string {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
