// @vitest-environment node
import { beforeAll, describe, expect, it } from 'vitest';
import { base64url, hex, sha256, unhex, type Bytes } from '../consent/bytes';
import type { OwnDevice } from '../consent/memory';
import type { OwnerSet, Policy } from '../consent/objects';
import { open, seal } from '../consent/signed';
import { ORIGIN, TestKey } from '../consent/testing/keys';
import { withNewcomer } from '../members/set';
import type { KnownWords } from './hub';
import { checkedAgencies, newest } from './newest';

const none: KnownWords = { ownerSet: null, policy: null, ceiling: null, agencies: [] };
let maria: TestKey;
let phone: TestKey;
let stranger: TestKey;
let own: OwnDevice;
let set: OwnerSet;
let setHash: Bytes;

const policy = (version: bigint, previous: Bytes): Policy => ({
  device: unhex(own.id), epoch: 1n, version, previous, place: null, agencies: [], rules: [], alertsUntilMs: 0n,
});

beforeAll(async () => {
  [maria, phone, stranger] = await Promise.all([TestKey.make(), TestKey.make(), TestKey.make()]);
  const id = await sha256(stranger.spki);
  set = { device: id, epoch: 1n, version: 1n, previous: new Uint8Array(), members: [{ key: maria.point, kind: 'passkey', role: 'owner', cameras: [], name: 'Maria' }], quorum: 1 };
  const ownerSet = await seal('owner-set.1', set, maria.passkey);
  setHash = (await open(ownerSet, 'owner-set.1')).hash;
  own = { id: hex(id), premisesId: 'shop', epoch: 1n, key: new Uint8Array(), origins: [ORIGIN], ownerSet, ceiling: null, policy: null, agencies: {} };
});

describe('newer words', () => {
  it('of an owner are taken over', async () => {
    const told = await seal('policy.1', policy(1n, new Uint8Array()), maria.passkey);
    const { device } = await newest(own, { ...none, policy: told });
    expect(device.policy).toEqual(told);
    const older = await newest({ ...own, policy: await seal('policy.1', policy(2n, setHash), maria.passkey) }, { ...none, policy: told });
    expect(older.device.policy).not.toEqual(told);
  });

  it.each<[string, () => Promise<Bytes>]>([
    ['a stranger signed', () => seal('policy.1', policy(1n, new Uint8Array()), stranger.passkey)],
    ['an owner signed for another device', () => seal('policy.1', { ...policy(1n, new Uint8Array()), device: unhex('11'.repeat(32)) }, maria.passkey)],
    ['an owner signed for another life of it', () => seal('policy.1', { ...policy(1n, new Uint8Array()), epoch: 2n }, maria.passkey)],
    ['somebody signed in an owner’s name', () => seal('policy.1', policy(1n, new Uint8Array()), async (signed) => ({ ...(await stranger.passkey(signed)), key: maria.key }))],
    ['are of another sort', () => Promise.resolve(own.ownerSet)],
    ['are no words at all', () => Promise.resolve(unhex('00'))],
  ])('that %s are left where they are', async (_, make) => {
    expect((await newest(own, { ...none, policy: await make() })).device.policy).toBeNull();
  });
});

describe('a newer set', () => {
  const next = () => withNewcomer({ value: set, hash: setHash }, { name: 'Jo', role: 'staff', cameras: [1], phone: phone.point, passkey: null });

  it('is followed when an owner of the one before signed it', async () => {
    const told = await seal('owner-set.1', next(), maria.passkey);
    const { device, lost } = await newest(own, { ...none, ownerSet: told });
    expect([base64url(device.ownerSet), lost]).toEqual([base64url(told), false]);
  });

  it('that does not follow is not taken, and the phone says that it is lost', async () => {
    const wrong = [
      await seal('owner-set.1', next(), stranger.passkey),
      await seal('owner-set.1', { ...next(), version: 3n }, maria.passkey),
      await seal('owner-set.1', { ...next(), previous: unhex('11'.repeat(32)) }, maria.passkey),
      await seal('owner-set.1', { ...set, quorum: 1, members: [{ ...set.members[0]!, key: stranger.point }] }, stranger.passkey),
    ];
    for (const ownerSet of wrong) expect(await newest(own, { ...none, ownerSet })).toMatchObject({ device: { ownerSet: own.ownerSet }, lost: true });
  });
});

it('an agency is taken only under the name that its own set gives it', async () => {
  const first = { agency: new Uint8Array(), version: 1n, previous: new Uint8Array(), members: [{ key: stranger.point, role: 'supervisor' as const, kinds: [] }], quorum: 1, origin: 'https://console.example.org' };
  const envelope = await seal('agency-set.1', first, stranger.passkey);
  const { hash } = await open(envelope, 'agency-set.1');
  const later = await seal('agency-set.1', { ...first, version: 2n, agency: hash, previous: hash }, stranger.passkey);
  const named = (bytes: Bytes, signedAs: string) => ({ id: 'spd', name: 'Springfield PD', signedAs, envelope: bytes });
  const good = [named(envelope, hex(hash)), named(later, hex(hash))];
  const bad = [named(envelope, '11'.repeat(32)), named(later, '11'.repeat(32)), named(own.ownerSet, hex(setHash)), named(unhex('00'), hex(hash))];
  expect(await checkedAgencies([...bad, ...good])).toEqual(good);
  expect((await newest(own, { ...none, agencies: [...good, ...bad] })).device.agencies).toEqual({ spd: hex(hash) });
});
