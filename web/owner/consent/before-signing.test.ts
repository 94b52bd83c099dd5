// @vitest-environment node
import { expect, it } from 'vitest';
import { hex, unhex } from './bytes';
import { cancelledKeyInWords, ceilingInWords, ownerSetInWords, termsInWords } from './before-signing';
import type { Ceiling, OwnerSet, Terms } from './objects';

const [device, agency, id] = [unhex('11'.repeat(32)), unhex('22'.repeat(32)), unhex('33'.repeat(16))];
const other = unhex('ff'.repeat(32));
const live = { live: true, preRoll: false, audio: false, ptz: false, record: false, forward: false };
const cameras = new Map([['1', 'front door'], ['2', 'till']]);
const agencies = new Map([[hex(agency), 'Springfield PD']]);
const first = { device, epoch: 1n, version: 1n, previous: new Uint8Array() };

const set: OwnerSet = {
  ...first, quorum: 1,
  members: [
    { key: unhex('02'.repeat(33)), kind: 'passkey', role: 'owner', cameras: [], name: 'Maria' },
    { key: unhex('03'.repeat(33)), kind: 'phone', role: 'household', cameras: [1, 2], name: 'Jo' },
    { key: unhex('04'.repeat(33)), kind: 'phone', role: 'staff', cameras: [2], name: 'Till “3”' },
  ],
};
const ceiling: Ceiling = { ...first, longestSecs: 7_200, secsADay: 14_400, cameras: [1, 2], agencies: [agency], rights: { ...live, preRoll: true, record: true } };
const terms: Terms = {
  device, epoch: 1n, id, nonce: unhex('44'.repeat(16)), madeAtMs: 1_795_183_380_000n, cameras: [2], agency, rights: live, ttlSecs: 600, preRollSecs: 0,
  purpose: 'a look', incident: '26-001234',
};

it('a set, a ceiling and terms read as an owner would say them', () => {
  expect(ownerSetInWords(set, cameras)).toEqual([
    `“Maria”, the passkey with the key ${'02'.repeat(33)}: an owner, on all cameras.`,
    `“Jo”, the phone with the key ${'03'.repeat(33)}: may press, answer alerts, share for up to 10 minutes and stop: front door and till.`,
    `“Till \\u{201c}3\\u{201d}”, the phone with the key ${'04'.repeat(33)}: may press and stop: till only.`,
    'To change this takes 1 passkey of an owner.',
    `This is version 1 for device ${'11'.repeat(32)}, life 1, the first.`,
  ]);
  expect(ceilingInWords(ceiling, cameras, agencies).slice(0, 3)).toEqual([
    'No share may go beyond: front door and till, 2 hours at a time, with moments before, they may record.',
    'All but presses, together: at most 4 hours a day.',
    `It may go to Springfield PD, with the key ${'22'.repeat(32)}.`,
  ]);
  expect(termsInWords(terms, cameras, agencies).slice(0, 2)).toEqual([
    'Once, from now: till only, 10 minutes, for “a look”, in the incident “26-001234”.',
    `It goes to Springfield PD, with the key ${'22'.repeat(32)}.`,
  ]);
  expect(cancelledKeyInWords({ name: 'Jo', kind: 'phone' }, id)).toContain('“Jo”, the phone with the key id 3333');
});

/** The same with each field changed in turn. */
function variants<T extends object>(value: T, changes: { [K in keyof T]: T[K][] }): T[] {
  return [value, ...Object.entries(changes).flatMap(([field, others]) => (others as unknown[]).map((one) => ({ ...value, [field]: one })))];
}

it('every field changes the words', () => {
  const rights = (['preRoll', 'audio', 'ptz', 'record', 'forward'] as const).map((right) => ({ ...live, [right]: true }));
  const chain = { device: [other], epoch: [2n], version: [2n], previous: [other] };
  const [owner, household] = set.members as [OwnerSet['members'][0], OwnerSet['members'][0]];
  const members = [[owner], ...variants(household, { key: [other], kind: ['passkey'], role: ['staff'], cameras: [[1], [1, 2, 3]], name: ['Jon', 'jo'] }).map((one) => [owner, one])];
  const said = [
    variants(set, { ...chain, members, quorum: [2, 3] }).map((one) => ownerSetInWords(one, cameras)),
    variants({ ...ceiling, rights: live }, { ...chain, longestSecs: [7_201], secsADay: [0, 1], cameras: [[1], [2]], agencies: [[other], [agency, other]], rights }).map((one) => ceilingInWords(one, cameras, agencies)),
    variants(terms, {
      device: [other], epoch: [2n], id: [unhex('55'.repeat(16))], nonce: [unhex('55'.repeat(16))], madeAtMs: [0n], cameras: [[1], [1, 2]], agency: [other], rights,
      ttlSecs: [601], preRollSecs: [], purpose: ['', 'a look”, in the incident “7'], incident: ['', '7'],
    }).map((one) => termsInWords(one, cameras, agencies)),
    [1, 2].map((preRollSecs) => termsInWords({ ...terms, rights: { ...live, preRoll: true }, preRollSecs }, cameras, agencies)),
  ];
  for (const lines of said) expect(new Set(lines.map((line) => line.join('\n'))).size).toBe(lines.length);
});
