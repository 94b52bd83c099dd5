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
  invited = { key: device.point, epoch: 2n, set: (await open(ownerSet, 'owner-set.1')).hash, owner: maria.point, asOwner: true };
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
  const number = await sharedNumber(applying, invited);
  expect(number).toMatch(/^\d{4} \d{4} \d{4}$/);
  expect(await sharedNumber(readApplication(applicationText(applying))!, invited)).toBe(number);
  const others = [
    sharedNumber({ ...applying, phone: maria.point }, invited), sharedNumber({ ...applying, passkey: null }, invited), sharedNumber({ ...applying, passkey: maria.point }, invited),
    sharedNumber({ ...applying, epoch: 3n }, invited), sharedNumber({ ...applying, device: '11'.repeat(32) }, invited), sharedNumber(applying, { ...invited, set: unhex('11'.repeat(32)) }), sharedNumber(applying, { ...invited, owner: phone.point }),
  ];
  expect(await Promise.all(others)).not.toContain(number);
});

describe('an invited phone', () => {
  const premises = () => [{ id: 'shop', name: 'Shop', cameras: [], devices: [{ id: applying.device, online: true, paired: true, epoch: 2 }] }] as never;
  const next = () => withNewcomer({ value: set, hash: invited.set }, jo);

  const ask = (told: Bytes | null, key = phone.point) =>
    joined(invited, { id: applying.device, premisesId: 'shop' }, { ...none, ownerSet: told }, key, ORIGIN);

  it('finds its device among its own premises only', async () => {
    expect(await invitedTo(invited, premises())).toEqual({ id: applying.device, premisesId: 'shop' });
    expect(await invitedTo(invited, [])).toBeNull();
    expect(await invitedTo({ ...invited, key: maria.point }, premises())).toBeNull();
  });

  it('waits for the owner’s signature, and then knows the device', async () => {
    expect(await ask(null)).toBeNull();
    expect(await ask(ownerSet)).toBeNull();
    const signed = await seal('owner-set.1', next(), maria.passkey);
    expect(await ask(signed)).toMatchObject({ id: applying.device, premisesId: 'shop', epoch: 2n, key: device.point, ownerSet: signed });
    expect(await ask(signed, passkey.point)).toBe('lost');
  });

  it('believes nobody but the owner who invited it', async () => {
    const wrong = [
      seal('owner-set.1', next(), passkey.passkey), seal('owner-set.1', next(), async (signed) => ({ ...(await passkey.passkey(signed)), key: maria.key })),
      seal('owner-set.1', { ...next(), previous: unhex('11'.repeat(32)) }, maria.passkey),
    ];
    for (const [at, told] of (await Promise.all(wrong)).entries()) expect(await ask(told), String(at)).toBe('lost');
    for (const other of [{ device: unhex('11'.repeat(32)) }, { epoch: 3n }]) expect(await ask(await seal('owner-set.1', { ...next(), ...other }, passkey.passkey))).toBeNull();
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
