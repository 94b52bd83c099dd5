// The next owner set: one more, or one less. What a set must be is checked where it is written; here are the few
// reasons that an owner can do something about.
import { same, type Bytes } from '../consent/bytes';
import { isOwnerPasskey, type Member, type OwnerSet } from '../consent/objects';
import { inOrder, memberName } from '../pairing/first-words';
import { membersWords as words } from './words';

export type Role = Member['role'];

/** What the owner says of somebody who comes in. */
export interface Newcomer {
  readonly name: string;
  readonly role: Role;
  /** Of an owner: all. */
  readonly cameras: readonly number[];
  readonly phone: Bytes;
  readonly passkey: Bytes | null;
}

interface Before {
  readonly value: OwnerSet;
  readonly hash: Bytes;
}

const after = ({ value, hash }: Before, members: readonly Member[]): OwnerSet => ({
  ...value,
  version: value.version + 1n,
  previous: hash,
  members: inOrder(members),
});

export function withNewcomer(before: Before, { name, role, cameras, phone, passkey }: Newcomer): OwnerSet {
  const mask = role === 'owner' ? [] : cameras;
  const keys = [{ key: phone, kind: 'phone' as const, name: memberName(passkey ? `${name}’s phone` : name) }, ...(passkey ? [{ key: passkey, kind: 'passkey' as const, name: memberName(name) }] : [])];
  const known = before.value.members.filter(({ key }) => !keys.some((one) => same(one.key, key)));
  return after(before, [...known, ...keys.map((one) => ({ ...one, role, cameras: mask }))]);
}

export const without = (before: Before, gone: Member): OwnerSet =>
  after(before, before.value.members.filter(({ key }) => !same(key, gone.key)));

/** Why this key must stay; null: it may go. */
export function whyStays({ members, quorum }: OwnerSet, member: Member): string | null {
  const owners = members.filter(isOwnerPasskey);
  if (!isOwnerPasskey(member)) return null;
  return owners.length <= Math.max(1, quorum) ? words.last : null;
}

/** What keeps a newcomer from being signed in. */
export function missingIn({ name, role, cameras, passkey }: Newcomer): string | null {
  if (name.trim() === '') return words.admit.noName;
  if (role === 'owner' && !passkey) return words.admit.noPasskey;
  return role !== 'owner' && cameras.length === 0 ? words.admit.noCameras : null;
}
