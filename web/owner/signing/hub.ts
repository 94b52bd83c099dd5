// The calls about signed words: something fresh to sign, words for a device, and those that the hub kept. The hub
// carries bytes; whether they are good is checked by whoever reads them.
import { call } from '$shared/api/client';
import { base64url, unbase64url, unhex, type Bytes } from '../consent/bytes';

/** A device answers within three seconds, or is away. */
const TIMEOUT_MS = 6_000;

export interface Nonce {
  readonly nonce: Bytes;
  readonly livesMs: number;
}

/** What the device says to one envelope. */
export interface Taken {
  readonly accepted: boolean;
  readonly waitsForPress: boolean;
  readonly refusal: string | null;
  readonly detail: string | null;
}

export interface AgencyKnown {
  /** The hub's own. */
  readonly id: string;
  readonly name: string;
  /** Hex: what it is called in signed words. */
  readonly signedAs: string;
  readonly envelope: Bytes;
}

export interface KnownWords {
  readonly ownerSet: Bytes | null;
  readonly policy: Bytes | null;
  readonly ceiling: Bytes | null;
  readonly agencies: readonly AgencyKnown[];
}

interface KnownJson {
  ownerSet?: string | null;
  policy?: string | null;
  ceiling?: string | null;
  agencies?: { id: string; name: string; signedAs: string; envelope: string }[];
}

const path = (device: string, what: 'nonces' | 'words') => `/api/devices/${device}/${what}`;
const maybe = (text: string | null | undefined) => (text ? unbase64url(text) : null);

export async function askNonce(device: string, key: string): Promise<Nonce> {
  const { nonce, livesMs } = await call<{ nonce: string; livesMs: number }>('POST', path(device, 'nonces'), { body: { key }, timeoutMs: TIMEOUT_MS });
  return { nonce: unhex(nonce), livesMs };
}

export async function giveWords(device: string, envelopes: readonly Bytes[]): Promise<Taken[]> {
  const body = { envelopes: envelopes.map(base64url) };
  return (await call<{ words: Taken[] }>('POST', path(device, 'words'), { body, timeoutMs: TIMEOUT_MS })).words;
}

export async function knownWords(device: string): Promise<KnownWords> {
  const { ownerSet, policy, ceiling, agencies = [] } = await call<KnownJson>('GET', path(device, 'words'));
  return {
    ownerSet: maybe(ownerSet),
    policy: maybe(policy),
    ceiling: maybe(ceiling),
    agencies: agencies.map((one) => ({ ...one, envelope: unbase64url(one.envelope) })),
  };
}

/** For good: what a key opened ends too. The signed word says it; the scope only names it for the hub's books. */
export async function cancelKey(id: string, keyId: string, envelope: Bytes): Promise<void> {
  await call('PUT', `/api/revokes/${id}`, { body: { scope: { keyId }, reason: 'owner', envelopes: [base64url(envelope)] } });
}
