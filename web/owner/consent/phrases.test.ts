// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { same, unhex } from './bytes';
import type { Policy, Rule } from './objects';
import { inWords, length } from './phrases';
import { readPolicy, toSign } from './reading';
import { payloadOf } from './signed';
import { cameraNames, policy as madeUp, Random, rule as madeUpRule, show } from './testing/random';

const PD = unhex('3f2a'.repeat(16));
const names = new Map([['1', 'front door'], ['2', 'till'], ['3', 'yard']]);
const nothing = { live: true, preRoll: false, audio: false, ptz: false, record: false, forward: false };
const press: Rule = {
  id: 1, trigger: 'press', alertKinds: [], cameras: [1, 2], agency: PD, rights: { ...nothing, preRoll: true }, longestSecs: 1_800,
  preRollSecs: 15, answer: 'opens', perDay: 0, cooldownSecs: 0, quiet: null, withinMetres: 0,
};
const shots: Rule = {
  ...press, id: 2, trigger: 'alert', alertKinds: ['gunshot'], cameras: [1], rights: nothing, longestSecs: 900, preRollSecs: 0,
  perDay: 2, quiet: { fromMinute: 1_320, toMinute: 360 }, withinMetres: 300,
};
const policy: Policy = {
  device: unhex('ab'.repeat(32)), epoch: 1n, version: 1n, previous: new Uint8Array(), place: { latE7: 397_817_213, lonE7: -896_501_481 },
  agencies: [{ id: PD, name: 'Springfield PD' }], rules: [press, shots], alertsUntilMs: 1_795_183_380_000n,
};

/** As many as take two seconds on a busy machine. */
const SEEDS = 3_000;

describe('a policy in plain words', () => {
  it('reads as an owner would say it', () => {
    expect(toSign(policy, names)).toEqual([
      '1. When I press the button: front door and till, Springfield PD, 30 minutes, with the 15 seconds before.',
      '2. When Springfield PD’s gunshot alarm fires within 300 m: front door only, 15 minutes, at most twice a day, not between 22:00 and 06:00.',
      'Alerts and standing shares end on 2026-11-20 14:03 UTC.',
      'Distances are measured from 39.7817213 north, 89.6501481 west.',
      `The agency “Springfield PD” is the one with the key ${'3f2a'.repeat(16)}.`,
      `This is version 1 for device ${'ab'.repeat(32)}, life 1, the first.`,
    ]);
  });

  it('says every sort of rule', () => {
    const everything = { live: true, preRoll: false, audio: true, ptz: true, record: true, forward: true };
    const asks: Rule = { ...shots, alertKinds: ['glass-break', 'gunshot'], answer: 'asks', cooldownSecs: 5_400, withinMetres: 0, quiet: null, perDay: 1 };
    const standing: Rule = { ...press, id: 3, trigger: 'standing', cameras: [1, 2, 3], rights: everything, preRollSecs: 0, longestSecs: 3_600 };
    const lines = toSign({ ...policy, place: null, rules: [asks, standing] }, names);
    expect(lines[0]).toBe('2. When Springfield PD’s alert “glass-break” or gunshot alarm fires anywhere and I say yes: front door only, 15 minutes, at most once a day, not again for 1 hour 30 minutes.');
    expect(lines[1]).toBe('3. At all times until I end it: front door, till and yard, Springfield PD, renewed every 1 hour, with sound, they may move the camera, they may record, they may pass it on to others.');
    expect(toSign({ ...policy, rules: [] }, names)[0]).toBe('Nothing is ever shared.');
  });

  it('uses no name that could be taken for something else', () => {
    const said = (name: string) => toSign({ ...policy, rules: [press] }, new Map([['1', name], ['2', 'till']]))[0];
    for (const name of ['till', 'TILL', 'ｔｉｌｌ', 'door and window', 'door, Shelbyville PD, 24 hours', 'camera 9', 'door only', 'do\u200bor', 'do\u202eor', 'do\u034for', 'do\u3164or', 'cafe\u0301', ' door', 'door: x', '“door”', '']) {
      expect(said(name), name).toContain(': camera 1 and ');
    }
    expect(said('Bar & Grill (No. 5)')).toContain(': Bar & Grill (No. 5) and till,');
  });

  it('tells two agencies of one name apart', () => {
    const other = { id: unhex('ff'.repeat(32)), name: 'springfield pd' };
    const [first] = toSign({ ...policy, agencies: [...policy.agencies, other] }, names);
    expect(first).toContain(`agency ${'3f2a'.repeat(16)},`);
  });
});

it('lengths are exact', () => {
  expect([0, 1, 60, 61, 3_600, 86_400, 3_661].map(length)).toEqual(['0 seconds', '1 second', '1 minute', '1 minute 1 second', '1 hour', '24 hours', '1 hour 1 minute 1 second']);
});

it('whatever is signed is read back from its words', () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = new Random(seed);
    const [one, called] = [madeUp(random), cameraNames(random)];
    const back = readPolicy(inWords(one, called), called);
    if (!same(payloadOf('policy.1', back), payloadOf('policy.1', one))) {
      expect.fail(`seed ${seed}\n${inWords(one, called).join('\n')}\n${show(one)}\n${show(back)}`);
    }
  }
});

it('every field of a rule changes its sentence, and different rules never read alike', () => {
  const seen = new Map<string, string>();
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = new Random(seed);
    const [first, second] = [madeUpRule(random), madeUpRule(random)];
    // One field taken from another rule: near neighbours, where a forgotten field would show.
    const field = random.pick(Object.keys(first) as (keyof Rule)[]);
    for (const rule of [first, { ...first, [field]: second[field] }]) {
      const agencies = [{ id: rule.agency, name: 'Springfield PD' }];
      const whole = { ...policy, agencies, rules: [rule] };
      let payload: Uint8Array<ArrayBuffer>;
      try {
        payload = payloadOf('policy.1', whole);
      } catch {
        continue; // These two do not go together.
      }
      const words = inWords(whole, names).join('\n');
      const before = seen.get(words);
      if (before !== undefined && before !== String(payload)) expect.fail(`seed ${seed}, ${field}: ${words}`);
      seen.set(words, String(payload));
    }
  }
  expect(seen.size).toBeGreaterThan(SEEDS);
});
