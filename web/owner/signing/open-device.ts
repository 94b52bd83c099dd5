// A device as it is opened for a screen: what this phone knows, brought up to what the hub kept, read and ready to be
// changed. Giving new words to the device and keeping them here is here too, because both follow one rule: what the
// device has taken is what is in force.
import { Problem } from '$shared/api/client';
import { hex, type Bytes } from '../consent/bytes';
import { CannotSign, passkeySign } from '../consent/keys';
import { keepDevice, ownPasskeys, type OwnDevice, type Passkey } from '../consent/memory';
import { isOwnerPasskey, type OwnerSet } from '../consent/objects';
import { open, type Opened, type Sign } from '../consent/signed';
import { giveWords, knownWords, type AgencyKnown, type Taken } from './hub';
import { checkedAgencies, newest } from './newest';

export interface DeviceWords {
  readonly device: OwnDevice;
  readonly set: Opened<'owner-set.1'>;
  readonly policy: Opened<'policy.1'> | null;
  readonly ceiling: Opened<'ceiling.1'> | null;
  readonly agencies: readonly AgencyKnown[];
  readonly lost: boolean;
  /** The hub could not be asked: this is from the phone's memory. */
  readonly old: boolean;
}

export async function openDevice(own: OwnDevice): Promise<DeviceWords> {
  const known = await knownWords(own.id).catch((failure: unknown) => {
    if (failure instanceof Problem && failure.passing) return null;
    throw failure;
  });
  if (!known) return read(own, [], false, true);
  const { device, lost } = await newest(own, known);
  await keepDevice(device);
  return read(device, await checkedAgencies(known.agencies), lost, false);
}

async function read(device: OwnDevice, agencies: readonly AgencyKnown[], lost: boolean, old: boolean): Promise<DeviceWords> {
  const [set, policy, ceiling] = await Promise.all([
    open(device.ownerSet, 'owner-set.1'),
    device.policy && open(device.policy, 'policy.1'),
    device.ceiling && open(device.ceiling, 'ceiling.1'),
  ]);
  return { device, set, policy, ceiling, agencies, lost, old };
}

/** The first of this phone's passkeys that is an owner's in the set; null: none is. */
export async function ownerPasskey(set: OwnerSet): Promise<Passkey | null> {
  const owners = new Set(set.members.filter(isOwnerPasskey).map(({ key }) => hex(key)));
  return (await ownPasskeys()).find(({ point }) => owners.has(hex(point))) ?? null;
}

export async function ownerSign(set: OwnerSet): Promise<Sign | null> {
  const passkey = await ownerPasskey(set);
  return passkey && passkeySign([passkey]);
}

/** `what` is what was signed; `papers` go with it. Kept here once the device has taken it. */
export async function give(device: OwnDevice, what: { policy: Bytes } | { ownerSet: Bytes } | { ceiling: Bytes }, papers: readonly Bytes[] = []): Promise<Taken> {
  const [word] = Object.values(what) as [Bytes];
  const [taken] = await giveWords(device.id, [word, ...papers]);
  if (taken!.accepted) await keepDevice({ ...device, ...what });
  return taken!;
}

/** For a screen: why it did not work, in words. */
export function whyNot(failure: unknown, otherwise: string): string {
  return failure instanceof CannotSign || failure instanceof Problem ? failure.sentence : otherwise;
}
