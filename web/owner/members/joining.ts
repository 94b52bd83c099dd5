// The invited phone's part: from an owner's link to a device that it knows. The link names the set in force and the
// passkey that signs the next one, so that no hub can put it before another device or another list of keys.
import type { OwnerPremises } from '$shared/api/shapes';
import { hex, same, type Bytes } from '../consent/bytes';
import type { OwnDevice } from '../consent/memory';
import { keyId } from '../consent/point';
import { open, type Opened } from '../consent/signed';
import { verify } from '../consent/verify';
import { premisesOf } from '../signing/facts';
import type { KnownWords } from '../signing/hub';
import { newest } from '../signing/newest';
import { deviceOf, type Invited } from './invitation';

/** Where the invited phone is to come in. */
export interface Place {
  readonly id: string;
  readonly premisesId: string;
}

/** Null where this person has nothing to do with the device. */
export async function invitedTo(invited: Invited, premises: readonly OwnerPremises[]): Promise<Place | null> {
  const id = await deviceOf(invited);
  const here = premisesOf(premises, id);
  return here ? { id, premisesId: here.id } : null;
}

/** With this phone's key in its set; null while the owner has not signed. `'lost'`: the set went on without it. */
export async function joined(invited: Invited, { id, premisesId }: Place, known: KnownWords, phone: Bytes, origin: string): Promise<OwnDevice | 'lost' | null> {
  const { key, epoch } = invited;
  const told = known.ownerSet && (await open(known.ownerSet, 'owner-set.1').catch(() => null));
  if (!known.ownerSet || !told || hex(told.value.device) !== id || told.value.epoch !== epoch) return null;
  const named = told.value.members.some((member) => same(member.key, phone));
  const next = await followsInvitation(told, invited, origin);
  // Neither: from before the invitation, or none of our business.
  if (!named || !next) return named || next ? 'lost' : null;
  const own = { id, premisesId, epoch, key, origins: [origin], ownerSet: known.ownerSet, ceiling: null, policy: null, agencies: {} };
  return (await newest(own, known)).device;
}

async function followsInvitation({ value, signed, signatures }: Opened<'owner-set.1'>, { set, owner }: Invited, origin: string): Promise<boolean> {
  const by = await keyId(owner);
  const signature = signatures.find(({ key }) => same(key, by));
  if (!signature || !same(value.previous, set)) return false;
  return verify(owner, signed, signature.by, [origin]).then(() => true, () => false);
}
