// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { unhex } from '../consent/bytes';
import type { Ceiling, Policy, Rule } from '../consent/objects';
import { toSign } from '../consent/reading';
import { payloadOf } from '../consent/signed';
import { LIVE } from '../pairing/first-words';
import { limitsOf, nextCeiling } from './limit';
import { above, knownAgencies, missing, newRule, nextPolicy, pickable, withCamera, withKind, withRight, withTrigger, type Site } from './change';

const START = Date.parse('2026-11-20T12:00:00Z');
const [SPD, COUNTY] = [unhex('22'.repeat(32)), unhex('33'.repeat(32))];
const first = { device: unhex('11'.repeat(32)), epoch: 1n };
const ceiling: Ceiling = { ...first, version: 1n, previous: new Uint8Array(), longestSecs: 3_600, secsADay: 3_600, cameras: [1, 2], agencies: [SPD], rights: { ...LIVE, preRoll: true } };
const site: Site = {
  cameras: [{ number: 1, name: 'Front door', indoor: false }, { number: 2, name: 'Till', indoor: false }, { number: 7, name: 'Kitchen', indoor: true }],
  agencies: [{ id: SPD, name: 'Springfield PD' }, { id: COUNTY, name: 'County' }],
  place: { latE7: 397_817_213, lonE7: -896_501_481 },
  ceiling,
};
const names = new Map([['1', 'Front door'], ['2', 'Till'], ['7', 'Kitchen']]);
const words = (rules: Rule[]) => toSign(nextPolicy(null, first, rules, site, START), names);

describe('a new rule', () => {
  it('reads well and can be signed as it is', () => {
    const press = newRule([], 'press', site);
    const alarm = newRule([press], 'alert', site);
    expect(words([press, alarm]).slice(0, 2)).toEqual([
      '1. When I press the button: Front door, Till and Kitchen, Springfield PD, 30 minutes, with the 15 seconds before.',
      '2. When Springfield PD’s gunshot alarm fires within 300 m and I say yes: Front door only, 15 minutes, at most twice a day.',
    ]);
    expect(missing([press, alarm], site)).toBeNull();
  });

  it('says nothing of nearness where nobody knows the place', () => {
    const nowhere = { ...site, place: null };
    expect(newRule([], 'alert', nowhere).withinMetres).toBe(0);
    expect(missing([newRule([], 'alert', site)], nowhere)).toContain('how near');
  });
});

describe('cameras inside', () => {
  it('cannot be picked for an alarm', () => {
    expect(pickable('alert', site).map(({ number }) => number)).toEqual([1, 2]);
    expect(pickable('press', site).map(({ number }) => number)).toEqual([1, 2, 7]);
  });

  it('go when a press becomes an alarm, and are refused wherever they come from', () => {
    const alarm = withTrigger(newRule([], 'press', site), 'alert', site);
    expect(alarm.cameras).toEqual([1, 2]);
    expect(missing([withCamera(alarm, 7, true)], site)).toBe('Rule 1: Kitchen is inside. No alarm can open it.');
  });
});

describe('changing', () => {
  it('gives a rule that a device takes, whichever way it goes', () => {
    let rule = newRule([], 'alert', site);
    rule = { ...rule, quiet: { fromMinute: 1_320, toMinute: 360 }, cooldownSecs: 60 };
    rule = withKind(withKind(rule, 'glassBreak', true), 'fire', true);
    expect(rule.alertKinds).toEqual(['fire', 'glassBreak', 'gunshot']);
    expect(words([rule])[0]).toBe(
      '1. When Springfield PD’s fire alarm or glass break alarm or gunshot alarm fires within 300 m and I say yes: Front door only, 15 minutes, at most twice a day, not again for 1 minute, not between 22:00 and 06:00.',
    );
    const press = withTrigger(rule, 'press', site);
    expect(() => payloadOf('policy.1', nextPolicy(null, first, [press], site, START))).not.toThrow();
    expect(press).toMatchObject({ alertKinds: [], perDay: 0, quiet: null, withinMetres: 0, answer: 'opens', cooldownSecs: 0 });
    expect(withTrigger(press, 'press', site)).toBe(press);
    expect(withTrigger(press, 'alert', site)).toMatchObject({ answer: 'asks', perDay: 2, withinMetres: 300 });
  });

  it('keeps cameras in order, and seconds before with their right', () => {
    const rule = newRule([], 'alert', site);
    expect(withCamera(withCamera(rule, 2, true), 1, true).cameras).toEqual([1, 2]);
    expect(withRight(rule, 'preRoll', true)).toMatchObject({ preRollSecs: 15, rights: { preRoll: true } });
    expect(withRight(withRight(rule, 'preRoll', true), 'preRoll', false)).toMatchObject({ preRollSecs: 0, rights: { preRoll: false } });
  });

  it('says what is missing', () => {
    const rule = newRule([], 'alert', site);
    expect(missing([withCamera(rule, 1, false)], site)).toBe('Rule 1 names no camera.');
    expect(missing([withKind(rule, 'gunshot', false)], site)).toBe('Rule 1 names no alarm.');
  });
});

it('an owner is told where the limit is narrower than a rule', () => {
  const press = newRule([], 'press', site);
  expect(above(withCamera(press, 7, false), site)).toEqual([]);
  expect(above(press, site)).toEqual([expect.stringContaining('a camera beyond the limit') as string]);
  expect(above({ ...withCamera(press, 7, false), longestSecs: 7_200, agency: COUNTY, rights: { ...LIVE, audio: true } }, site)).toHaveLength(3);
  expect(above(press, { ...site, ceiling: null })).toEqual([]);
});

describe('the next policy', () => {
  it('follows the one before and names only agencies that its rules name', () => {
    const before = { value: { version: 4n } as Policy, hash: unhex('44'.repeat(32)) };
    const next = nextPolicy(before, first, [newRule([], 'press', site)], site, START);
    expect(next).toMatchObject({ version: 5n, previous: before.hash, agencies: [{ id: SPD }] });
    const days = (Number(next.alertsUntilMs) - START) / 86_400_000;
    expect(days).toBeGreaterThan(364);
    expect(days).toBeLessThanOrEqual(365);
  });

  it('calls an agency what the owner signed, not what the hub says now', () => {
    const signed = { agencies: [{ id: SPD, name: 'Springfield PD' }] } as unknown as Policy;
    expect(knownAgencies(signed, [{ id: SPD, name: 'Somebody else' }, { id: COUNTY, name: 'County' }])).toEqual([{ id: SPD, name: 'Springfield PD' }, { id: COUNTY, name: 'County' }]);
  });
});

it('the next limit follows the one before, and names every agency that a rule names', () => {
  const hash = unhex('44'.repeat(32));
  const limits = { ...limitsOf(ceiling), cameras: [1], longestSecs: 900 };
  const next = nextCeiling({ value: ceiling, hash }, limits, [{ ...newRule([], 'press', site), agency: COUNTY }]);
  expect(next).toMatchObject({ version: 2n, previous: hash, cameras: [1], longestSecs: 900, agencies: [SPD, COUNTY], rights: ceiling.rights });
  expect(() => payloadOf('ceiling.1', next)).not.toThrow();
});
