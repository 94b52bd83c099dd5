// Reads a policy back out of the sentences of phrases.ts: the proof, made anew before each signature, that the words
// on the screen say all that is signed. It takes only what phrases.ts writes.
import { hex, Refused, same, unhex } from './bytes';
import { ALERT_WORDS, labels, RIGHT_WORDS, type Labels, type Names } from './labels';
import type { Agency, Place, Policy, Rule } from './objects';
import { inWords } from './phrases';
import { payloadOf } from './signed';

/** The lines to show before this policy is signed. Throws rather than show anything else than what is signed. */
export function toSign(policy: Policy, cameraNames: Names): string[] {
  const lines = inWords(policy, cameraNames);
  const again = payloadOf('policy.1', readPolicy(lines, cameraNames));
  if (!same(again, payloadOf('policy.1', policy))) throw new Refused('Bad', 'words');
  return lines;
}

export function readPolicy(lines: readonly string[], cameraNames: Names): Policy {
  const rest = [...lines];
  const [, version, device, epoch, previous] = match(
    /^This is version (\d+) for device (\w+), life (\d+), (?:the first|after (\w+))\.$/,
    rest.pop(),
  );
  const agencies = taken(rest, /^The agency “(.*)” is the one with the key (\w+)\.$/).map(
    ([, name, id]): Agency => ({ id: unhex(id!), name: unquoted(name!) }),
  );
  const [spot] = taken(rest, /^Distances are measured from (.*)\.$/);
  const [, ends] = match(/^Alerts and standing shares end on (.*)\.$/, rest.pop());
  const called = labels('agency', new Map(agencies.map(({ id, name }) => [hex(id), name])));
  const rules = rest[0] === 'Nothing is ever shared.' ? rest.slice(1) : rest;
  return {
    device: unhex(device!),
    epoch: BigInt(epoch!),
    version: BigInt(version!),
    previous: unhex(previous ?? ''),
    place: spot ? readSpot(spot[1]!) : null,
    agencies,
    rules: rules.map((line) => readRule(line, labels('camera', cameraNames), called)),
    alertsUntilMs: readMoment(ends!),
  };
}

const WHEN =
  /^(\d+)\. (?:When (?:(I press the button)|(.+?)’s (.+) fires (?:anywhere|within (\d+) m)( and I say yes)?)|At all times until I end it): (.*)\.$/s;

function readRule(line: string, cameras: Labels, agencies: Labels): Rule {
  const [, id, press, alarming, kinds, metres, asks, all] = match(WHEN, line);
  const rest = all!.split(', ');
  const named = rest.splice(0, rest.findIndex((clause) => / and | only$/.test(clause)) + 1);
  const which = named.flatMap((clause) => clause.replace(/ only$/, '').split(' and '));
  const agency = alarming ?? rest.shift();
  const clause = (pattern: RegExp) => rest.map((one) => pattern.exec(one)).find((found) => found !== null);
  const quiet = clause(/^not between (\d\d):(\d\d) and (\d\d):(\d\d)/)?.slice(1).map(Number);
  const before = clause(/^with the (.*) before$/);
  const right = ([name, words]: (typeof RIGHT_WORDS)[number]) => [name, rest.includes(words)];
  return {
    id: Number(id),
    trigger: alarming ? 'alert' : press ? 'press' : 'standing',
    alertKinds: [...(kinds ?? '').matchAll(/(?:^| or )(alert “[^”]*”|.+?)(?= or |$)/gs)].map(([, kind]) => readKind(kind!)),
    cameras: which.map((label) => Number(cameras.key(label))),
    agency: unhex(agencies.key(agency ?? '') ?? ''),
    rights: { live: true, preRoll: before !== undefined, ...Object.fromEntries(RIGHT_WORDS.map(right)) } as Rule['rights'],
    longestSecs: readLength(rest[0]!.replace('renewed every ', '')),
    preRollSecs: readLength(before?.[1] ?? ''),
    answer: asks ? 'asks' : 'opens',
    perDay: readTimes(clause(/^at most (.*) a day$/)?.[1]),
    cooldownSecs: readLength(clause(/^not again for (.*)$/)?.[1] ?? ''),
    quiet: quiet ? { fromMinute: quiet[0]! * 60 + quiet[1]!, toMinute: quiet[2]! * 60 + quiet[3]! } : null,
    withinMetres: Number(metres ?? 0),
  };
}

const readKind = (said: string): string =>
  said.startsWith('alert “') ? unquoted(said.slice(7, -1)) : Object.keys(ALERT_WORDS).find((kind) => ALERT_WORDS[kind] === said)!;

function readLength(said: string): number {
  const units = { hour: 3_600, minute: 60, second: 1 };
  const parts = [...said.matchAll(/(\d+) (hour|minute|second)/g)];
  return parts.reduce((secs, [, count, unit]) => secs + Number(count) * units[unit as keyof typeof units], 0);
}

const readTimes = (said = '0'): number => (said === 'once' ? 1 : said === 'twice' ? 2 : parseInt(said, 10));

function readMoment(said: string): bigint {
  const [, number] = /^(-?\d+) ms after 1970$/.exec(said) ?? [];
  return BigInt(number ?? Date.parse(said.replace(' UTC', 'Z').replace(' ', 'T')));
}

function readSpot(said: string): Place {
  const [, lat, south, lon, west] = match(/^([\d.]+) (?:north|(south)), ([\d.]+) (?:east|(west))$/, said);
  const e7 = (degrees: string, below: unknown) => Number(degrees.replace('.', '')) * (below ? -1 : 1);
  return { latE7: e7(lat!, south), lonE7: e7(lon!, west) };
}

const unquoted = (said: string): string =>
  said.replace(/\\u\{([\da-f]+)\}/g, (_, code: string) => String.fromCodePoint(parseInt(code, 16)));

/** Takes the lines of this form off the end, in their order. */
function taken(lines: string[], pattern: RegExp): RegExpExecArray[] {
  const found: RegExpExecArray[] = [];
  for (let one = pattern.exec(lines.at(-1) ?? ''); one; one = pattern.exec(lines.at(-1) ?? '')) {
    found.unshift(one);
    lines.pop();
  }
  return found;
}

function match(pattern: RegExp, line = ''): RegExpExecArray {
  const found = pattern.exec(line);
  if (!found) throw new Refused('Bad', 'words');
  return found;
}
