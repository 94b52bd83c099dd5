// @vitest-environment node
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { base64url, hex, sha256, type Bytes } from '../consent/bytes';
import { phoneKey } from '../consent/keys';
import { keepDevice } from '../consent/memory';
import type { Member } from '../consent/objects';
import { open, seal } from '../consent/signed';
import { ORIGIN, TestKey } from '../consent/testing/keys';
import { withNewcomer, without } from '../members/set';
import type { KeptPress } from '../keep/kept';
import { phoneSigning } from './phone';

const SHOP = '5b0d2f9e-0c1a-4f6e-9d57-0a4c5cf0a004';
const press: KeptPress = { kind: 'press', id: SHOP, personId: SHOP, premisesId: SHOP, level: 'panic', silent: false, drill: false, madeAt: Date.now() };
let maria: TestKey;
let told: string | null;
let set: { value: Parameters<typeof without>[0]['value']; hash: Bytes };

beforeEach(async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.stubGlobal('isSecureContext', true);
  maria = await TestKey.make();
  const { point: phone } = await phoneKey('make');
  const device = await sha256(maria.spki);
  const first = { device, epoch: 1n, version: 1n, previous: new Uint8Array(), members: [{ key: maria.point, kind: 'passkey', role: 'owner', cameras: [], name: 'Maria' } satisfies Member], quorum: 1 };
  const before = await open(await seal('owner-set.1', first, maria.passkey), 'owner-set.1');
  const ownerSet = await seal('owner-set.1', withNewcomer(before, { name: 'Jo', role: 'staff', cameras: [1], phone, passkey: null }), maria.passkey);
  set = await open(ownerSet, 'owner-set.1');
  told = null;
  await keepDevice({ id: hex(device), premisesId: SHOP, epoch: 1n, key: maria.point, origins: [ORIGIN], ownerSet, ceiling: null, policy: null, agencies: {} });
  vi.stubGlobal('fetch', async (path: string) => {
    const body = path.endsWith('nonces') ? { nonce: '00'.repeat(16), livesMs: 60_000 } : { ownerSet: told, policy: null, ceiling: null, agencies: [] };
    return new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } });
  });
});
afterEach(() => vi.unstubAllGlobals());

it('signs for the devices in whose set this phone is', async () => {
  const signing = await phoneSigning();
  await signing.refresh();
  expect(signing.devices).toHaveLength(1);
  expect(await signing.seal(press, Date.now())).toHaveLength(1);
});

it('knows from the owner’s newer set that its key was cancelled, and signs no more', async () => {
  const signing = await phoneSigning();
  const gone = set.value.members.find(({ name }) => name === 'Jo')!;
  told = base64url(await seal('owner-set.1', without(set, gone), maria.passkey));
  await signing.refresh();
  expect(signing.devices).toEqual([]);
  expect(await signing.seal(press, Date.now())).toEqual([]);
  expect((await phoneSigning()).devices).toEqual([]);
});

it('does not forget a device because the hub is away, or says something that no owner signed', async () => {
  const signing = await phoneSigning();
  const stranger = await TestKey.make();
  const gone = set.value.members.find(({ name }) => name === 'Jo')!;
  told = base64url(await seal('owner-set.1', without(set, gone), stranger.passkey));
  await signing.refresh();
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')));
  await signing.refresh();
  expect(signing.devices).toHaveLength(1);
});
