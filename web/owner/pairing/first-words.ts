// The first words that an owner signs for a device: who says yes, how far anything may go, and what happens on a
// press. Sensible defaults from what the device has; the owner changes them before signing. Pure.
import { compare, type Bytes } from '../consent/bytes';
import type { Ceiling, Member, OwnerSet, Place, Policy, Rights, Rule } from '../consent/objects';
import type { Invitation } from '../consent/pairing';
import type { CameraSeen } from '../signing/facts';

const MINUTE_SECS = 60;
const HOUR_SECS = 60 * MINUTE_SECS;
const DAY_MS = 86_400_000;
/** A device takes no rule that goes on for longer. */
const ALERTS_FOR_MS = 365 * DAY_MS;
const PRESS_SECS = 30 * MINUTE_SECS;
const BEFORE_SECS = 15;
/** Members' names are bounded by the device. */
const NAME_BYTES = 40;

export interface AgencyNamed {
  readonly id: Bytes;
  readonly name: string;
}

/** What the owner decides at pairing. */
export interface Limits {
  readonly longestSecs: number;
  readonly secsADay: number;
  readonly cameras: readonly number[];
  readonly rights: Rights;
}

export const LIVE: Rights = { live: true, preRoll: false, audio: false, ptz: false, record: false, forward: false };

/** Two hours is as long as a press ever lasts; indoor cameras stay out until they are picked. */
export function sensibleLimits(cameras: readonly CameraSeen[]): Limits {
  const outside = cameras.filter(({ indoor }) => !indoor);
  const picked = outside.length > 0 ? outside : cameras;
  return {
    longestSecs: 2 * HOUR_SECS,
    secsADay: 2 * HOUR_SECS,
    cameras: picked.map(({ number }) => number),
    rights: { ...LIVE, preRoll: true },
  };
}

const first = ({ device, epoch }: Invitation) => ({ device, epoch, version: 1n, previous: new Uint8Array() });

export function firstSet(to: Invitation, passkey: Bytes, phone: Bytes, name: string): OwnerSet {
  const members: Member[] = [
    { key: passkey, kind: 'passkey', role: 'owner', cameras: [], name: memberName(name) },
    { key: phone, kind: 'phone', role: 'owner', cameras: [], name: memberName(`${name}’s phone`) },
  ];
  return { ...first(to), members: inOrder(members), quorum: 1 };
}

export const inOrder = (members: readonly Member[]): Member[] => members.toSorted((a, b) => compare(a.key, b.key));

export function firstCeiling(to: Invitation, agencies: readonly AgencyNamed[], limits: Limits): Ceiling {
  return { ...first(to), ...limits, agencies: agencies.map(({ id }) => id).sort(compare) };
}

/** A press for half an hour, as far as the limits go. Alarms are for later: nobody thinks well of them at pairing. */
export function firstPolicy(to: Invitation, agency: AgencyNamed, limits: Limits, place: Place | null, now: number): Policy {
  const press: Rule = {
    id: 1,
    trigger: 'press',
    alertKinds: [],
    cameras: limits.cameras,
    agency: agency.id,
    rights: limits.rights,
    longestSecs: Math.min(PRESS_SECS, limits.longestSecs),
    preRollSecs: limits.rights.preRoll ? BEFORE_SECS : 0,
    answer: 'opens',
    perDay: 0,
    cooldownSecs: 0,
    quiet: null,
    withinMetres: 0,
  };
  return { ...first(to), place, agencies: [agency], rules: [press], alertsUntilMs: yearAhead(now) };
}

/** To the minute, so that it reads well. */
export const yearAhead = (now: number): bigint => BigInt(Math.floor((now + ALERTS_FOR_MS) / 60_000) * 60_000);

/** Cut to the bytes that fit, never inside a letter. */
export function memberName(name: string): string {
  let short = '';
  for (const letter of name.replace(/\p{Cc}/gu, ' ').trim()) {
    if (new TextEncoder().encode(short + letter).length > NAME_BYTES) break;
    short += letter;
  }
  return short || 'Owner';
}
