// Changing a policy, as pure steps from one sound rule to the next: what the screen offers is always something that
// can be signed, or a sentence says what is missing.
import { hex, same, utf8, compare, type Bytes } from '../consent/bytes';
import type { Agency, Ceiling, Place, Policy, Rule } from '../consent/objects';
import { LIVE, yearAhead } from '../pairing/first-words';
import type { CameraSeen } from '../signing/facts';
import { rulesWords as words } from './words';

/** Sensible where nothing was said: a quarter of an hour, twice a day, at most. */
const ALERT_SECS = 900;
const PRESS_SECS = 1_800;
const ALERT_A_DAY = 2;
const NEAR_METRES = 300;
const BEFORE_SECS = 15;

export interface Site {
  readonly cameras: readonly CameraSeen[];
  readonly agencies: readonly Agency[];
  readonly place: Place | null;
  readonly ceiling: Ceiling | null;
}

const unlimited = { answer: 'opens', perDay: 0, cooldownSecs: 0, quiet: null, withinMetres: 0 } as const;

/** An alarm asks first until the owner says otherwise: what opens by itself needs the agency's own signature too. */
const carefully = ({ place }: Site) => ({ answer: 'asks' as const, perDay: ALERT_A_DAY, withinMetres: place ? NEAR_METRES : 0 });

export function newRule(rules: readonly Rule[], trigger: 'press' | 'alert', site: Site): Rule {
  const id = Math.max(0, ...rules.map((rule) => rule.id)) + 1;
  const cameras = pickable(trigger, site).map(({ number }) => number);
  const plain = { id, cameras: trigger === 'press' ? cameras : cameras.slice(0, 1), agency: site.agencies[0]!.id, ...unlimited };
  if (trigger === 'press') return { ...plain, trigger, alertKinds: [], longestSecs: PRESS_SECS, preRollSecs: BEFORE_SECS, rights: { ...LIVE, preRoll: true } };
  return { ...plain, trigger, alertKinds: ['gunshot'], longestSecs: ALERT_SECS, preRollSecs: 0, rights: LIVE, ...carefully(site) };
}

/** Cameras inside a home fall under no alert rule. */
export const pickable = (trigger: Rule['trigger'], { cameras }: Site): readonly CameraSeen[] =>
  trigger === 'alert' ? cameras.filter(({ indoor }) => !indoor) : cameras;

/** A press takes no limits; an alarm takes no indoor camera. */
export function withTrigger(rule: Rule, trigger: 'press' | 'alert', site: Site): Rule {
  if (rule.trigger === trigger) return rule;
  const allowed = new Set(pickable(trigger, site).map(({ number }) => number));
  const cameras = rule.cameras.filter((number) => allowed.has(number));
  if (trigger === 'press') return { ...rule, ...unlimited, trigger, alertKinds: [], cameras };
  return { ...rule, trigger, alertKinds: ['gunshot'], cameras, ...carefully(site) };
}

export function withCamera(rule: Rule, number: number, on: boolean): Rule {
  const others = rule.cameras.filter((other) => other !== number);
  return { ...rule, cameras: (on ? [...others, number] : others).sort((a, b) => a - b) };
}

export function withKind(rule: Rule, kind: string, on: boolean): Rule {
  const others = rule.alertKinds.filter((other) => other !== kind);
  return { ...rule, alertKinds: (on ? [...others, kind] : others).sort((a, b) => compare(utf8(a), utf8(b))) };
}

export function withRight(rule: Rule, right: 'preRoll' | 'audio' | 'record', on: boolean): Rule {
  const preRollSecs = right === 'preRoll' ? (on ? BEFORE_SECS : 0) : rule.preRollSecs;
  return { ...rule, rights: { ...rule.rights, [right]: on }, preRollSecs };
}

/** What keeps these rules from being signed. */
export function missing(rules: readonly Rule[], site: Site): string | null {
  for (const rule of rules) {
    if (rule.cameras.length === 0) return words.missing.cameras(rule.id);
    if (rule.trigger === 'alert' && rule.alertKinds.length === 0) return words.missing.kinds(rule.id);
    const inside = site.cameras.filter(({ indoor, number }) => indoor && rule.trigger === 'alert' && rule.cameras.includes(number));
    if (inside.length > 0) return words.missing.indoor(rule.id, inside[0]!.name);
    if (rule.withinMetres > 0 && !site.place) return words.missing.place(rule.id);
  }
  return null;
}

/** Where the limit that was signed before is narrower than a rule: it wins, and the owner is told. */
export function above(rule: Rule, { ceiling }: Site): string[] {
  if (!ceiling) return [];
  const beyond = rule.cameras.some((number) => !ceiling.cameras.includes(number));
  const right = (['preRoll', 'audio', 'record'] as const).some((name) => rule.rights[name] && !ceiling.rights[name]);
  const stranger = !ceiling.agencies.some((id) => same(id, rule.agency));
  const end = rule.trigger === 'press' ? words.above.clipped : words.above.refused;
  return [
    ...(beyond ? [words.above.cameras(end)] : []),
    ...(rule.longestSecs > ceiling.longestSecs ? [words.above.longest(end)] : []),
    ...(right ? [words.above.rights(end)] : []),
    ...(stranger ? [words.above.agency] : []),
  ];
}

interface Before {
  readonly value: Policy;
  readonly hash: Bytes;
}

/** The next version, with the agencies that its rules name and no others. */
export function nextPolicy(before: Before | null, to: { device: Bytes; epoch: bigint }, rules: readonly Rule[], site: Site, now: number): Policy {
  const named = new Set(rules.map(({ agency }) => hex(agency)));
  return {
    ...to,
    version: (before?.value.version ?? 0n) + 1n,
    previous: before ? before.hash : new Uint8Array(),
    place: site.place,
    agencies: site.agencies.filter(({ id }) => named.has(hex(id))),
    rules,
    alertsUntilMs: yearAhead(now),
  };
}

/** By their keys: those of the policy under the names that were signed, and those that the hub adds. */
export function knownAgencies(policy: Policy | null, told: readonly Agency[]): Agency[] {
  const known = new Map([...told, ...(policy?.agencies ?? [])].map((agency) => [hex(agency.id), agency]));
  return [...known.values()].sort((a, b) => compare(a.id, b.id));
}
