// @vitest-environment node
import { beforeAll, describe, expect, it } from 'vitest';
import { hex, sha256, unhex, type Bytes } from '../consent/bytes';
import type { Member, OwnerSet } from '../consent/objects';
import { open, payloadOf, seal } from '../consent/signed';
import { ORIGIN, TestKey } from '../consent/testing/keys';
import type { KnownWords } from '../signing/hub';
import { applicationText, deviceOf, invitationText, readApplication, readInvitation, sharedNumber, type Applying, type Invited } from './invitation';
import { invitedTo, joined } from './joining';
import { missingIn, whyStays, without, withNewcomer, type Newcomer } from './set';
import { membersWords as words } from './words';

const none: KnownWords = { ownerSet: null, policy: null, ceiling: null, agencies: [] };
let device: TestKey;
let maria: TestKey;
let phone: TestKey;
let passkey: TestKey;
let invited: Invited;
let applying: Applying;
let set: OwnerSet;
let ownerSet: Bytes;
let jo: Newcomer;

beforeAll(async () => {
  [device, maria, phone, passkey] = await Promise.all([TestKey.make(), TestKey.make(), TestKey.make(), TestKey.make()]);
  const id = await sha256(device.spki);
  set = { device: id, epoch: 2n, version: 1n, previous: new Uint8Array(), members: [{ key: maria.point, kind: 'passkey', role: 'owner', cameras: [], name: 'Maria' }], quorum: 1 };
  ownerSet = await seal('owner-set.1', set, maria.passkey);
  invited = { key: device.point, epoch: 2n, set: (await open(ownerSet, 'owner-set.1')).hash, asOwner: true };
  applying = { device: hex(id), epoch: 2n, phone: phone.point, passkey: passkey.point };
  jo = { name: 'Jo', role: 'staff', cameras: [2], phone: phone.point, passkey: null };
});

describe('the links', () => {
  it('say what they mean, and name the device by its own key', async () => {
    expect(readInvitation(invitationText(invited))).toEqual(invited);
    expect(readInvitation(invitationText({ ...invited, asOwner: false }))?.asOwner).toBe(false);
    expect(await deviceOf(invited)).toBe(applying.device);
    expect(readApplication(applicationText(applying))).toEqual(applying);
    expect(readApplication(applicationText({ ...applying, passkey: null }))?.passkey).toBeNull();
  });

  it('that are not whole are nothing', () => {
    const [invitation, application] = [invitationText(invited), applicationText(applying)];
    for (const text of ['', '#i=', invitation.slice(0, -1), `${invitation}x`, invitation.replace('.2.', '.0.'), invitation.replace(/=..../, '=AAAA'), application]) expect(readInvitation(text)).toBeNull();
    for (const text of ['', '#k=', application.slice(0, -1), `${application}.x`, application.toUpperCase(), invitation]) expect(readApplication(text)).toBeNull();
  });
});

it('the number is one on both phones, and another when anything was changed on the way', async () => {
  const number = await sharedNumber(applying, invited.set);
  expect(number).toMatch(/^\d{4} \d{4} \d{4}$/);
  expect(await sharedNumber(readApplication(applicationText(applying))!, invited.set)).toBe(number);
  const others = [
    sharedNumber({ ...applying, phone: maria.point }, invited.set), sharedNumber({ ...applying, passkey: null }, invited.set), sharedNumber({ ...applying, passkey: maria.point }, invited.set),
    sharedNumber({ ...applying, epoch: 3n }, invited.set), sharedNumber({ ...applying, device: '11'.repeat(32) }, invited.set), sharedNumber(applying, unhex('11'.repeat(32))),
  ];
  expect(await Promise.all(others)).not.toContain(number);
});

describe('an invited phone', () => {
  const premises = () => [{ id: 'shop', name: 'Shop', cameras: [], devices: [{ id: applying.device, online: true, paired: true, epoch: 2 }] }] as never;
  const next = () => withNewcomer({ value: set, hash: invited.set }, jo);

  it('finds its device, waits for the owner’s signature, and then knows the device', async () => {
    const own = await invitedTo(invited, premises(), ORIGIN, async () => ({ ...none, ownerSet }));
    if (typeof own === 'string') throw new Error(own);
    expect(own).toMatchObject({ id: applying.device, premisesId: 'shop', epoch: 2n, key: device.point });
    expect(await joined(own, { ...none, ownerSet }, phone.point)).toBeNull();
    const signed = await seal('owner-set.1', next(), maria.passkey);
    expect(await joined(own, { ...none, ownerSet: signed }, phone.point)).toMatchObject({ id: applying.device, ownerSet: signed });
    expect(await joined(own, { ...none, ownerSet: signed }, passkey.point)).toBe('lost');
    expect(await joined(own, { ...none, ownerSet: await seal('owner-set.1', next(), passkey.passkey) }, phone.point)).toBe('lost');
  });

  it('is told what is wrong with the invitation', async () => {
    const other = await seal('owner-set.1', { ...set, quorum: 1, members: [{ ...set.members[0]!, name: 'Other' }] }, maria.passkey);
    expect(await invitedTo(invited, premises(), ORIGIN, async () => ({ ...none, ownerSet: other }))).toBe(words.join.old);
    expect(await invitedTo(invited, premises(), ORIGIN, async () => none)).toBe(words.join.old);
    expect(await invitedTo(invited, [], ORIGIN, async () => none)).toBe(words.join.unknown);
  });
});

describe('the list of keys', () => {
  const before = () => ({ value: set, hash: invited.set });

  it('grows by one phone with what it may, or by an owner with both keys', () => {
    const staff = withNewcomer(before(), jo);
    expect(staff).toMatchObject({ version: 2n, previous: invited.set });
    expect(staff.members).toContainEqual({ key: phone.point, kind: 'phone', role: 'staff', cameras: [2], name: 'Jo' });
    const owner = withNewcomer(before(), { ...jo, role: 'owner', passkey: passkey.point });
    expect(owner.members.map(({ kind, role, cameras }) => [kind, role, cameras.length])).toEqual(expect.arrayContaining([['phone', 'owner', 0], ['passkey', 'owner', 0]]) as never);
    for (const set of [staff, owner]) expect(() => payloadOf('owner-set.1', set)).not.toThrow();
    expect(withNewcomer({ value: staff, hash: invited.set }, { ...jo, cameras: [1] }).members).toHaveLength(2);
  });

  it('shrinks, but never by the last passkey of an owner', () => {
    const staff = withNewcomer(before(), jo);
    const member = staff.members.find(({ name }) => name === 'Jo') as Member;
    expect(without({ value: staff, hash: invited.set }, member).members).toEqual(set.members);
    expect(whyStays(staff, member)).toBeNull();
    expect(whyStays(staff, set.members[0]!)).toBe(words.last);
    const two = withNewcomer(before(), { ...jo, role: 'owner', passkey: passkey.point });
    expect(whyStays(two, set.members[0]!)).toBeNull();
    expect(whyStays({ ...two, quorum: 2 }, set.members[0]!)).toBe(words.last);
  });

  it('takes nobody without a name, a camera or, for an owner, a passkey', () => {
    expect(missingIn(jo)).toBeNull();
    expect(missingIn({ ...jo, name: ' ' })).toBe(words.admit.noName);
    expect(missingIn({ ...jo, cameras: [] })).toBe(words.admit.noCameras);
    expect(missingIn({ ...jo, role: 'owner' })).toBe(words.admit.noPasskey);
  });
});
