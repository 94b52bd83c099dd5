// The invited phone's part: from an owner's link to a device that it knows. It checks everything from the set that
// the invitation names on, so that no hub can put it before another device or another list of keys.
import type { OwnerPremises } from '$shared/api/shapes';
import { base64url, same, type Bytes } from '../consent/bytes';
import type { OwnDevice } from '../consent/memory';
import { open } from '../consent/signed';
import { nextOwnerSet } from '../consent/verify';
import { premisesOf } from '../signing/facts';
import type { KnownWords } from '../signing/hub';
import { newest } from '../signing/newest';
import { deviceOf, type Invited } from './invitation';
import { membersWords as words } from './words';

/** The device as the invited phone knows it, before its own key is in the set; or why not. */
export async function invitedTo(invited: Invited, premises: readonly OwnerPremises[], origin: string, ask: (device: string) => Promise<KnownWords>): Promise<OwnDevice | string> {
  const id = await deviceOf(invited);
  const here = premisesOf(premises, id);
  if (!here) return words.join.unknown;
  const { ownerSet } = await ask(id);
  const set = ownerSet && (await open(ownerSet, 'owner-set.1'));
  if (!ownerSet || !set || !same(set.hash, invited.set)) return words.join.old;
  return { id, premisesId: here.id, epoch: invited.epoch, key: invited.key, origins: [origin], ownerSet, ceiling: null, policy: null, agencies: {} };
}

/** With this phone's key in its set; null while the owner has not signed. `'lost'`: the set went on without it. */
export async function joined(device: OwnDevice, known: KnownWords, phone: Bytes): Promise<OwnDevice | 'lost' | null> {
  const before = await open(device.ownerSet, 'owner-set.1');
  if (!known.ownerSet || base64url(known.ownerSet) === base64url(device.ownerSet)) return null;
  const next = await nextOwnerSet(known.ownerSet, before, device.origins).catch(() => null);
  if (!next?.value.members.some(({ key }) => same(key, phone))) return 'lost';
  return (await newest(device, known)).device;
}
