// Newer words than this phone holds, as the hub kept them: taken over only when they follow from what the phone
// knows. A hub could leave some out; it cannot make any.
import { hex, Refused, same, type Bytes } from '../consent/bytes';
import type { OwnDevice } from '../consent/memory';
import { isOwnerPasskey, type OwnerSet } from '../consent/objects';
import { keyId } from '../consent/point';
import { open, type Opened } from '../consent/signed';
import { nextOwnerSet, verify } from '../consent/verify';
import type { AgencyKnown, KnownWords } from './hub';

type Standing = 'policy.1' | 'ceiling.1';

/** The device as it is known after this, and whether something there could not be followed. */
export interface Newest {
  readonly device: OwnDevice;
  /** The set went on by more than one step while this phone was away: an owner must invite it anew. */
  readonly lost: boolean;
}

export async function newest(device: OwnDevice, known: KnownWords): Promise<Newest> {
  const { bytes: ownerSet, lost } = await newerSet(device, known.ownerSet);
  const { value: set } = await open(ownerSet, 'owner-set.1');
  const agencies = await checkedAgencies(known.agencies);
  const [policy, ceiling] = [
    await newer(device, set, device.policy, known.policy, 'policy.1'),
    await newer(device, set, device.ceiling, known.ceiling, 'ceiling.1'),
  ];
  const named = Object.fromEntries(agencies.map(({ id, signedAs }) => [id, signedAs]));
  return { device: { ...device, ownerSet, policy, ceiling, agencies: { ...device.agencies, ...named } }, lost };
}

/** Those whose envelope is what its name says: the name is the hash of its first set. */
export async function checkedAgencies(agencies: readonly AgencyKnown[]): Promise<AgencyKnown[]> {
  const good = await Promise.all(agencies.map((one) => nameOf(one).then((name) => name === one.signedAs, () => false)));
  return agencies.filter((_, at) => good[at]);
}

async function nameOf({ envelope }: AgencyKnown): Promise<string> {
  const { value, hash } = await open(envelope, 'agency-set.1');
  return hex(value.version === 1n ? hash : value.agency);
}

async function newerSet({ ownerSet, origins }: OwnDevice, told: Bytes | null): Promise<{ bytes: Bytes; lost: boolean }> {
  if (!told) return { bytes: ownerSet, lost: false };
  const before = await open(ownerSet, 'owner-set.1');
  const { value, hash } = await open(told, 'owner-set.1');
  if (value.version <= before.value.version) return { bytes: ownerSet, lost: value.version === before.value.version && !same(hash, before.hash) };
  const next = await nextOwnerSet(told, before, origins).catch(() => null);
  return next ? { bytes: told, lost: false } : { bytes: ownerSet, lost: true };
}

/** What the hub tells, if an owner's passkey signed it for this device and it is newer; else what there is. */
async function newer(device: OwnDevice, set: OwnerSet, held: Bytes | null, told: Bytes | null, type: Standing): Promise<Bytes | null> {
  if (!told) return held;
  try {
    const word = await open(told, type);
    if (hex(word.value.device) !== device.id || word.value.epoch !== device.epoch) return held;
    if (held && (await open(held, type)).value.version >= word.value.version) return held;
    await byAnOwner(word, set, device.origins);
    return told;
  } catch (failure) {
    if (failure instanceof Refused) return held;
    throw failure;
  }
}

async function byAnOwner(word: Opened<Standing>, set: OwnerSet, origins: readonly string[]): Promise<void> {
  const [signature] = word.signatures;
  for (const { key } of set.members.filter(isOwnerPasskey)) {
    if (same(await keyId(key), signature!.key)) return verify(key, word.signed, signature!.by, origins);
  }
  throw new Refused('UnknownKey');
}
