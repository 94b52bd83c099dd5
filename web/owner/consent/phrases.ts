// A policy in plain words: the sentences that an owner reads before signing. Each field has its place in them, so
// that two policies that differ never read alike: reading.ts reads them back.
import { hex } from './bytes';
import { ALERT_WORDS, labels, RIGHT_WORDS, type Labels, type Names } from './labels';
import type { Place, Policy, Rule } from './objects';

/** A policy, a line for each thing that it says. Before signing, `toSign` of reading.ts gives the same lines. */
export function inWords(policy: Policy, cameraNames: Names): string[] {
  const agencies = labels('agency', new Map(policy.agencies.map(({ id, name }) => [hex(id), name])));
  const cameras = labels('camera', cameraNames);
  return [
    ...policy.rules.map((rule) => sentence(rule, cameras, agencies)),
    ...(policy.rules.length === 0 ? ['Nothing is ever shared.'] : []),
    `Alerts and standing shares end on ${moment(policy.alertsUntilMs)}.`,
    ...(policy.place ? [`Distances are measured from ${spot(policy.place)}.`] : []),
    ...policy.agencies.map(({ id, name }) => `The agency ${quoted(name)} is the one with the key ${hex(id)}.`),
    versionLine(policy),
  ];
}

/** "1. When I press the button: front door and till, Springfield PD, 30 minutes, with the 15 seconds before." */
function sentence(rule: Rule, cameras: Labels, agencies: Labels): string {
  const agency = agencies.of(hex(rule.agency));
  const which = several(rule.cameras.map((number) => cameras.of(String(number))));
  const long = length(rule.longestSecs);
  switch (rule.trigger) {
    case 'press':
      return clauses(`${rule.id}. When I press the button`, which, agency, long, ...given(rule));
    case 'standing':
      return clauses(`${rule.id}. At all times until I end it`, which, agency, `renewed every ${long}`, ...given(rule));
    case 'alert':
      return clauses(`${rule.id}. ${fires(rule, agency)}`, which, long, ...limits(rule), ...given(rule));
  }
}

const clauses = (when: string, ...rest: string[]): string => `${when}: ${rest.join(', ')}.`;

function fires(rule: Rule, agency: string): string {
  const kinds = rule.alertKinds.map((kind) => ALERT_WORDS[kind] ?? `alert ${quoted(kind)}`).join(' or ');
  const where = rule.withinMetres > 0 ? `within ${rule.withinMetres} m` : 'anywhere';
  return `When ${agency}’s ${kinds} fires ${where}${rule.answer === 'asks' ? ' and I say yes' : ''}`;
}

function limits({ perDay, cooldownSecs, quiet }: Rule): string[] {
  return [
    ...(perDay > 0 ? [`at most ${times(perDay)} a day`] : []),
    ...(cooldownSecs > 0 ? [`not again for ${length(cooldownSecs)}`] : []),
    ...(quiet ? [`not between ${clock(quiet.fromMinute)} and ${clock(quiet.toMinute)}${isEmpty(quiet) ? ' (no time at all)' : ''}`] : []),
  ];
}

const isEmpty = ({ fromMinute, toMinute }: NonNullable<Rule['quiet']>): boolean => fromMinute === toMinute;

export function given({ rights, preRollSecs }: Pick<Rule, 'rights' | 'preRollSecs'>): string[] {
  return [
    ...(rights.preRoll ? [`with the ${length(preRollSecs)} before`] : []),
    ...RIGHT_WORDS.filter(([right]) => rights[right]).map(([, words]) => words),
  ];
}

/** "front door only", "front door and till", "front door, till and yard". */
export function several(names: readonly string[]): string {
  const last = names.at(-1)!;
  return names.length === 1 ? `${last} only` : `${names.slice(0, -1).join(', ')} and ${last}`;
}

/** "1 hour 30 minutes": exact, to the second. */
export function length(secs: number): string {
  const parts = [
    [Math.floor(secs / 3_600), 'hour'],
    [Math.floor(secs / 60) % 60, 'minute'],
    [secs % 60, 'second'],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`);
  return said.join(' ') || '0 seconds';
}

const times = (count: number): string => (count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`);

const two = (number: number): string => String(number).padStart(2, '0');

const clock = (minute: number): string => `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;

/** "2027-11-20 14:03 UTC"; what no calendar has stays a number. */
export function moment(ms: bigint): string {
  const date = new Date(Number(ms));
  if (ms !== BigInt(Number(ms)) || Number.isNaN(date.getTime())) return `${ms} ms after 1970`;
  return date.toISOString().replace('T', ' ').replace(/(?::00)?\.000Z$|Z$/, ' UTC');
}

/** "39.7817213 north, 89.6501481 west". */
function spot({ latE7, lonE7 }: Place): string {
  const degrees = (e7: number) => `${Math.floor(Math.abs(e7) / 1e7)}.${String(Math.abs(e7) % 1e7).padStart(7, '0')}`;
  return `${degrees(latE7)} ${latE7 < 0 ? 'south' : 'north'}, ${degrees(lonE7)} ${lonE7 < 0 ? 'west' : 'east'}`;
}

/** Which device it is for, and what it replaces. */
export function versionLine({ version, device, epoch, previous }: Pick<Policy, 'version' | 'device' | 'epoch' | 'previous'>): string {
  const follows = previous.length === 0 ? 'the first' : `after ${hex(previous)}`;
  return `This is version ${version} for device ${hex(device)}, life ${epoch}, ${follows}.`;
}

/** Between quotation marks, with everything escaped that could not be seen or could end them. */
export function quoted(text: string): string {
  const code = (mark: string) => `\\u{${mark.codePointAt(0)!.toString(16)}}`;
  return `“${text.replace(/[“”\\]|[^\p{L}\p{N}\p{P}\p{S} ]|\p{DI}/gu, code)}”`;
}
