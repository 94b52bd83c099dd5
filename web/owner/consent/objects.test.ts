// @vitest-environment node
import { beforeAll, describe, expect, it } from 'vitest';
import { hex, Refused, unhex, type Bytes } from './bytes';
import { journalEntry } from './journal';
import { isOrigin, objects, type ObjectOf, type TypeName } from './objects';
import { hashOf, payloadOf, signedBytes } from './signed';
import { TestKey } from './testing/keys';
import { policy as madeUpPolicy, Random, rule as madeUpRule, sorted } from './testing/random';

const [device, agency, id, nonce] = [unhex('11'.repeat(32)), unhex('22'.repeat(32)), unhex('33'.repeat(16)), unhex('44'.repeat(16))];
const first = { device, epoch: 1n };
const fresh = { ...first, id, nonce, madeAtMs: 1_795_183_380_000n };
const start = { version: 1n, previous: new Uint8Array() };
const live = { live: true, preRoll: false, audio: false, ptz: false, record: false, forward: false };
const place = { latE7: 1, lonE7: -1 };

type Samples = { [T in TypeName]: ObjectOf<T> };
let samples: Samples;

beforeAll(async () => {
  const points = sorted(await Promise.all([1, 2, 3].map(async () => (await TestKey.make()).point)), (point) => point);
  const [one, two, three] = points as [Bytes, Bytes, Bytes];
  samples = {
    'owner-set.1': {
      ...first, ...start, quorum: 1,
      members: [
        { key: one, kind: 'passkey', role: 'owner', cameras: [], name: 'Maria’s passkey' },
        { key: two, kind: 'phone', role: 'household', cameras: [1, 2], name: 'Jo' },
        { key: three, kind: 'phone', role: 'staff', cameras: [2], name: 'Till' },
      ],
    },
    'policy.1': { ...madeUpPolicy(new Random(1)), ...first },
    'ceiling.1': { ...first, version: 2n, previous: device, longestSecs: 7_200, secsADay: 0, cameras: [1, 300], agencies: [agency], rights: live },
    'terms.1': { ...fresh, cameras: [1], agency, rights: { ...live, preRoll: true }, ttlSecs: 600, preRollSecs: 15, purpose: 'a look', incident: '' },
    'trigger.1': { ...fresh, kind: { press: { level: 'panic', silent: true, drill: false, at: 'phone', by: '', cameras: [], note: 'back\ndoor' } } },
    'alert.1': { ...fresh, agency, kind: 'gunshot', place, source: 'sensor 4', purpose: '' },
    'revoke.1': { ...first, id, scope: { everything: true }, reason: 'owner' },
    'receipt.1': { ...first, entry: journalEntry.encode({ number: 7n, previous: device, wallMs: -1n, bootMs: 0n, bootId: id, localDay: 3, body: { opened: id } }) },
    'agency-set.1': {
      ...start, agency: new Uint8Array(), quorum: 1, origin: 'https://console.example.org:8443',
      members: [{ key: one, role: 'supervisor', kinds: [] }, { key: two, role: 'alerts', kinds: ['fire', 'gunshot'] }],
    },
    'paired.1': { ...first, key: one, hello: agency, ownerSet: device, origins: ['http://owner.localhost', 'https://owner.example.org'] },
    'operator.1': { agency, key: one, untilMs: 5n, badge: '417' },
  };
});

const types = Object.keys(objects) as TypeName[];
const encode = <T extends TypeName>(type: T, value: unknown): Bytes => payloadOf(type, value as ObjectOf<T>);

describe.each(types)('%s', (type) => {
  it('is read as it was written', () => {
    expect(objects[type].message.decode(encode(type, samples[type]))).toEqual(samples[type]);
  });

  it('means something else, or nothing, with any bit changed', async () => {
    const payload = encode(type, samples[type]);
    const hash = hex(await hashOf(type, payload));
    for (let bit = 0; bit < payload.length * 8; bit++) {
      const flipped = payload.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(hex(await hashOf(type, flipped))).not.toBe(hash);
      try {
        expect(hex(encode(type, objects[type].message.decode(flipped)))).toBe(hex(flipped));
      } catch (refused) {
        expect(refused).toBeInstanceOf(Refused);
      }
    }
  });
});

it('signed bytes are the domain, the type and the payload, each with its length', () => {
  expect(hex(signedBytes('ab.1', unhex('0102')))).toBe('415353454e542d5349472d763100' + '0004' + '61622e31' + '00000002' + '0102');
});

it('objects that contradict themselves cannot be written', () => {
  const set = samples['owner-set.1'];
  const [passkey, household, staff] = set.members as [ObjectOf<'owner-set.1'>['members'][0], typeof set.members[0], typeof set.members[0]];
  const rule = { ...madeUpRule(new Random(1)), trigger: 'press' as const, alertKinds: [], answer: 'opens' as const, perDay: 0, cooldownSecs: 0, quiet: null, withinMetres: 0, rights: live, preRollSecs: 0, agency };
  const alert = { ...rule, trigger: 'alert' as const, alertKinds: ['fire'] };
  const policy = { ...samples['policy.1'], ...start, place: null, agencies: [{ id: agency, name: 'PD' }], rules: [rule] };
  const agencySet = samples['agency-set.1'];
  const ok: [TypeName, unknown][] = [
    ['owner-set.1', set], ['policy.1', policy], ['policy.1', { ...policy, rules: [alert] }], ['policy.1', { ...policy, rules: [{ ...alert, answer: 'asks', perDay: 1 }] }],
    ['policy.1', { ...policy, place, rules: [{ ...alert, withinMetres: 1 }] }], ['policy.1', { ...policy, rules: [], agencies: [] }],
  ];
  for (const [type, value] of ok) encode(type, value);
  const wrong: [TypeName, string, unknown][] = [
    ['owner-set.1', 'no members', { ...set, members: [] }],
    ['owner-set.1', 'no owner passkey', { ...set, members: [household, staff] }],
    ['owner-set.1', 'a quorum it cannot meet', { ...set, quorum: 2 }],
    ['owner-set.1', 'no quorum', { ...set, quorum: 0 }],
    ['owner-set.1', 'a member twice', { ...set, members: [passkey, passkey] }],
    ['owner-set.1', 'members out of order', { ...set, members: [household, passkey] }],
    ['owner-set.1', 'an owner with a mask', { ...set, members: [{ ...passkey, cameras: [1] }] }],
    ['owner-set.1', 'staff with all cameras', { ...set, members: [passkey, { ...household, role: 'staff', cameras: [] }] }],
    ['owner-set.1', 'a first with something before it', { ...set, previous: device }],
    ['owner-set.1', 'a second with nothing before it', { ...set, version: 2n }],
    ['owner-set.1', 'half a hash', { ...set, version: 2n, previous: id }],
    ['owner-set.1', 'epoch 0', { ...set, epoch: 0n }],
    ['owner-set.1', 'a key off the curve', { ...set, members: [{ ...passkey, key: unhex('02' + 'ff'.repeat(32)) }] }],
    ['policy.1', 'a rule twice', { ...policy, rules: [rule, rule] }],
    ['policy.1', 'a rule for an agency that it does not name', { ...policy, agencies: [] }],
    ['policy.1', 'a distance from nowhere', { ...policy, rules: [{ ...alert, withinMetres: 1 }] }],
    ['policy.1', 'a press with a limit', { ...policy, rules: [{ ...rule, perDay: 1 }] }],
    ['policy.1', 'a press with quiet hours', { ...policy, rules: [{ ...rule, quiet: { fromMinute: 0, toMinute: 1 } }] }],
    ['policy.1', 'a press that asks', { ...policy, rules: [{ ...rule, answer: 'asks' }] }],
    ['policy.1', 'a press with kinds', { ...policy, rules: [{ ...rule, alertKinds: ['fire'] }] }],
    ['policy.1', 'an alert without kinds', { ...policy, rules: [{ ...alert, alertKinds: [] }] }],
    ['policy.1', 'nothing to see', { ...policy, rules: [{ ...rule, rights: { ...live, live: false } }] }],
    ['policy.1', 'pre-roll without the right', { ...policy, rules: [{ ...rule, preRollSecs: 1 }] }],
    ['policy.1', 'more than a day', { ...policy, rules: [{ ...rule, longestSecs: 86_401 }] }],
    ['policy.1', 'no cameras', { ...policy, rules: [{ ...rule, cameras: [] }] }],
    ['policy.1', 'the number of signed terms', { ...policy, rules: [{ ...rule, id: 2 ** 32 - 1 }] }],
    ['policy.1', 'a minute past the day', { ...policy, rules: [{ ...alert, quiet: { fromMinute: 0, toMinute: 1_440 } }] }],
    ['policy.1', 'a place off the globe', { ...policy, place: { latE7: 900_000_001, lonE7: 0 } }],
    ['ceiling.1', 'nothing to see', { ...samples['ceiling.1'], rights: { ...live, live: false } }],
    ['ceiling.1', 'more than a day', { ...samples['ceiling.1'], secsADay: 86_401 }],
    ['terms.1', 'no time', { ...samples['terms.1'], ttlSecs: 0 }],
    ['terms.1', 'pre-roll without the right', { ...samples['terms.1'], rights: live }],
    ['revoke.1', 'nothing', { ...samples['revoke.1'], scope: { everything: false } }],
    ['revoke.1', 'camera 0', { ...samples['revoke.1'], scope: { camera: 0 } }],
    ['revoke.1', 'policy 0', { ...samples['revoke.1'], scope: { policy: 0n } }],
    ['agency-set.1', 'a first with a name', { ...agencySet, agency }],
    ['agency-set.1', 'a later one without', { ...agencySet, version: 2n, previous: device }],
    ['agency-set.1', 'a quorum it cannot meet', { ...agencySet, quorum: 2 }],
    ['agency-set.1', 'a supervisor with kinds', { ...agencySet, members: [{ ...agencySet.members[0]!, kinds: ['fire'] }] }],
    ['agency-set.1', 'a key for no alert', { ...agencySet, members: [agencySet.members[0], { ...agencySet.members[1]!, kinds: [] }] }],
    ['agency-set.1', 'no origin', { ...agencySet, origin: 'console.example.org' }],
    ['receipt.1', 'an entry that is none', { ...samples['receipt.1'], entry: id }],
  ];
  for (const [type, what, value] of wrong) expect(() => encode(type, value), `${type}: ${what}`).toThrow(Refused);
});

it('origins are as browsers write them', () => {
  for (const origin of ['https://owner.example.org', 'https://a:1', 'http://localhost', 'http://owner.localhost:8080']) expect(isOrigin(origin), origin).toBe(true);
  for (const origin of ['', 'http://owner.example.org', 'https://', 'https://A.org', 'https://a.org/', 'https://a.org:0', 'https://a.org:080', 'https://a.org:65536', 'https://a@b.org', 'http://localhost.org', 'http://xlocalhost', 'ftp://localhost', `https://${'a'.repeat(270)}`]) {
    expect(isOrigin(origin), origin).toBe(false);
  }
});
