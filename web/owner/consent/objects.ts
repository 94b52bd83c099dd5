// Every object that a key signs for consent, field by field, with what makes each one sound by itself. The same as
// proto/wire/proto/consent.proto; who may sign which, and what the device then decides, is not here.
import { compare, utf8, type Bytes } from './bytes';
import { journalEntry } from './journal';
import { bool, bytes, s32, s64, text, u32, u64, word } from './kinds';
import { uncompressed } from './point';
import { list, maybe, message, one, oneOf, packed, refuse, type Kind, type Message, type Of, type Shape } from './proto';

const DAY_SECS = 86_400;
/** A rule number that stands for signed terms, so no rule has it. */
const NO_RULE = 2 ** 32 - 1;
/** Beyond these a list is more than an owner can oversee. */
const MOST_CAMERAS = 256;
const MOST_MEMBERS = 32;
const MOST_AGENCIES = 16;
const MOST_RULES = 64;
const MOST_KINDS = 16;
const MOST_QUORUM = 3;
const MOST_ORIGINS = 4;
/** The ring on the device is shorter. */
const MOST_PRE_ROLL_SECS = 60;
const KIB = 1024;

// ---- parts

const hash = bytes(32);
const id = bytes(16);
const key: Kind<Bytes> = {
  ...bytes(33),
  raw: (value, field) => bytes(33).raw(uncompressed(value) && value, field),
};
const cameraNumber = u32(1, 65_535);
const first = { device: one(1, hash), epoch: one(2, u64(1n)) };
const chained = { version: one(3, u64(1n)), previous: one(4, bytes(0, 32)) };
const cameras = (number: number, least: 0 | 1) => packed(number, cameraNumber, { least, most: MOST_CAMERAS });
const kinds = (number: number) => list(number, text(1, 64), { most: MOST_KINDS, by: utf8 });
const quorum = (number: number) => one(number, u32(1, MOST_QUORUM));

/** Only a first version has nothing before it. */
const brokenChain = ({ version, previous }: { version: bigint; previous: Bytes }) =>
  previous.length !== (version === 1n ? 0 : 32) && 'previous';

const right = (number: number) => one(number, bool);
export const rights = message({ live: right(1), preRoll: right(2), audio: right(3), ptz: right(4), record: right(5), forward: right(6) });
export type Rights = Of<typeof rights>;

const place = message({ latE7: one(1, s32(-900_000_000, 900_000_000)), lonE7: one(2, s32(-1_800_000_000, 1_800_000_000)) });
export type Place = Of<typeof place>;

interface Seen {
  rights: Rights;
  preRollSecs: number;
}
const nothingToSee = ({ rights, preRollSecs }: Seen) =>
  (!rights.live && 'rights') || (preRollSecs > 0 && !rights.preRoll && 'preRollSecs');

// ---- what owners say

const member = message(
  {
    key: one(1, key),
    kind: one(2, word('passkey', 'phone')),
    role: one(3, word('owner', 'household', 'staff')),
    cameras: cameras(4, 0),
    name: one(5, text(1, 40)),
  },
  ({ role, cameras }) => (role === 'owner') !== (cameras.length === 0) && 'cameras',
);
export type Member = Of<typeof member>;

export const ownerSet = message(
  {
    ...first,
    ...chained,
    members: list(5, member, { least: 1, most: MOST_MEMBERS, by: ({ key }) => key }),
    quorum: quorum(6),
  },
  (set) => brokenChain(set) || (set.members.filter(isOwnerPasskey).length < set.quorum && 'quorum'),
);
export type OwnerSet = Of<typeof ownerSet>;

export const isOwnerPasskey = ({ kind, role }: Member): boolean => kind === 'passkey' && role === 'owner';

const minute = u32(0, 1_439);
const quietHours = message({ fromMinute: one(1, minute), toMinute: one(2, minute) });

const ruleFields = {
  id: one(1, u32(0, NO_RULE - 1)),
  trigger: one(2, word('press', 'alert', 'standing')),
  alertKinds: kinds(3),
  cameras: cameras(4, 1),
  agency: one(5, hash),
  rights: one(6, rights),
  longestSecs: one(7, u32(1, DAY_SECS)),
  preRollSecs: one(8, u32(0, MOST_PRE_ROLL_SECS)),
  answer: one(9, word('opens', 'asks')),
  perDay: one(10, u32()),
  cooldownSecs: one(11, u32()),
  quiet: maybe(12, quietHours),
  withinMetres: one(13, u32()),
};
export type Rule = Shape<typeof ruleFields>;
export const rule = message(ruleFields, (rule) => nothingToSee(rule) || limitsAstray(rule));

/** Nothing may hold up an owner's press: limits are for alert rules only. */
function limitsAstray(rule: Rule): string | false {
  const alert = rule.trigger === 'alert';
  if (alert !== rule.alertKinds.length > 0) return 'alertKinds';
  const limited = rule.answer === 'asks' || rule.quiet !== null || rule.perDay + rule.cooldownSecs + rule.withinMetres > 0;
  return !alert && limited && 'limits';
}

const agency = message({ id: one(1, hash), name: one(2, text(1, 80)) });
export type Agency = Of<typeof agency>;

const policyFields = {
  ...first,
  ...chained,
  place: maybe(5, place),
  agencies: list(6, agency, { most: MOST_AGENCIES, by: ({ id }) => id }),
  rules: list(7, rule, { most: MOST_RULES }),
  alertsUntilMs: one(8, s64),
};
export type Policy = Shape<typeof policyFields>;
export const policy = message(policyFields, (policy) => brokenChain(policy) || rulesAstray(policy));

function rulesAstray({ rules, agencies, place }: Policy): string | false {
  if (new Set(rules.map((rule) => rule.id)).size < rules.length) return 'rules';
  if (rules.some((rule) => !agencies.some(({ id }) => compare(id, rule.agency) === 0))) return 'agency';
  return !place && rules.some((rule) => rule.withinMetres > 0) && 'place';
}

export const ceiling = message(
  {
    ...first,
    ...chained,
    longestSecs: one(5, u32(1, DAY_SECS)),
    secsADay: one(6, u32(0, DAY_SECS)),
    cameras: cameras(7, 1),
    agencies: list(8, hash, { least: 1, most: MOST_AGENCIES, by: (id) => id }),
    rights: one(9, rights),
  },
  (ceiling) => brokenChain(ceiling) || (!ceiling.rights.live && 'rights'),
);
export type Ceiling = Of<typeof ceiling>;

const fresh = { ...first, id: one(3, id), nonce: one(4, id), madeAtMs: one(5, s64) };

export const terms = message(
  {
    ...fresh,
    cameras: cameras(6, 1),
    agency: one(7, hash),
    rights: one(8, rights),
    ttlSecs: one(9, u32(1, DAY_SECS)),
    preRollSecs: one(10, u32(0, MOST_PRE_ROLL_SECS)),
    purpose: one(11, text(0, 140)),
    incident: one(12, text(0, 64)),
  },
  nothingToSee,
);
export type Terms = Of<typeof terms>;

const press = message({
  level: one(1, word('staffAlert', 'panic')),
  silent: one(2, bool),
  drill: one(3, bool),
  at: one(4, word('phone')),
  by: one(5, text(0, 64)),
  cameras: cameras(6, 0),
  note: one(7, text(0, 280)),
});

/** What the owner was shown of the alert. */
const alertFacts = message({ kind: one(1, text(1, 64)), agency: one(2, hash), place: maybe(3, place), source: one(4, text(0, 64)) });
const approval = message({ ofTrigger: one(1, id), alert: one(2, alertFacts), by: one(3, text(0, 64)) });

export const trigger = message({ ...fresh, kind: oneOf({ press: [6, press], approval: [7, approval] }) });
export type Trigger = Of<typeof trigger>;

/** Said or not there: a scope of nothing is none. */
const yes: Kind<true> = {
  zero: null,
  raw: (value, field) => (value ? 1n : refuse(field)),
  value: (raw, field) => bool.value(raw, field) || refuse(field),
};

export const revoke = message({
  ...first,
  id: one(3, id),
  scope: oneOf({
    grant: [4, id],
    trigger: [5, id],
    camera: [6, cameraNumber],
    everything: [7, yes],
    policy: [8, u64(1n)],
    agency: [9, hash],
    key: [10, hash],
  }),
  reason: one(11, word('owner', 'cancelled')),
});
export type Revoke = Of<typeof revoke>;

// ---- what agencies and devices say

export const alert = message({
  ...fresh,
  agency: one(6, hash),
  kind: one(7, text(1, 64)),
  place: maybe(8, place),
  source: one(9, text(0, 64)),
  purpose: one(10, text(0, 140)),
});

const origin: Kind<string> = {
  ...text(1, 270),
  raw: (value, field) => text(1, 270).raw(isOrigin(value) ? value : refuse(field), field),
};

const agencyMember = message(
  { key: one(1, key), role: one(2, word('supervisor', 'alerts')), kinds: kinds(3) },
  ({ role, kinds }) => (role === 'alerts') !== kinds.length > 0 && 'kinds',
);

export const agencySet = message(
  {
    agency: one(1, bytes(0, 32)),
    version: one(2, u64(1n)),
    previous: one(3, bytes(0, 32)),
    members: list(4, agencyMember, { least: 1, most: MOST_MEMBERS, by: ({ key }) => key }),
    quorum: quorum(5),
    origin: one(6, origin),
  },
  (set) =>
    brokenChain(set) ||
    (set.agency.length !== set.previous.length && 'agency') ||
    (set.members.filter(({ role }) => role === 'supervisor').length < set.quorum && 'quorum'),
);

export const operator = message({ agency: one(1, hash), key: one(2, key), untilMs: one(3, s64), badge: one(4, text(1, 40)) });

const entry: Kind<Bytes> = {
  ...bytes(1, 64 * KIB),
  raw: (value, field) => bytes(1, 64 * KIB).raw(journalEntry.decode(value) && value, field),
};

/** What the device did, in the very bytes of its journal. */
export const receipt = message({ ...first, entry: one(3, entry) });
export type Receipt = Of<typeof receipt>;

/** The device's yes to a pairing: its key, and what it now holds. */
export const paired = message({
  ...first,
  key: one(3, key),
  /** SHA-256 of the hello that it answers. */
  hello: one(4, hash),
  ownerSet: one(5, hash),
  origins: list(6, origin, { least: 1, most: MOST_ORIGINS, by: utf8 }),
});

// ---- envelopes

const passkeyAssertion = message({
  authenticatorData: one(1, bytes(37, 256)),
  clientData: one(2, bytes(1, KIB)),
  signature: one(3, bytes(1, 72)),
});
export type PasskeyAssertion = Of<typeof passkeyAssertion>;

const signature = message({ key: one(1, hash), by: oneOf({ raw: [2, bytes(64)], passkey: [3, passkeyAssertion] }) });
export type Signature = Of<typeof signature>;

export const envelope = message({
  type: one(1, text(0, 64)),
  payload: one(2, bytes(1, 64 * KIB)),
  signatures: list(3, signature, { least: 1, most: 4, by: ({ key }) => key }),
});
export type Envelope = Of<typeof envelope>;

/** By type, each with the most bytes that its envelope may have. */
export const objects = {
  'owner-set.1': { message: ownerSet, most: 64 * KIB },
  'policy.1': { message: policy, most: 64 * KIB },
  'ceiling.1': { message: ceiling, most: 4 * KIB },
  'terms.1': { message: terms, most: 4 * KIB },
  'trigger.1': { message: trigger, most: 4 * KIB },
  'alert.1': { message: alert, most: 4 * KIB },
  'revoke.1': { message: revoke, most: 4 * KIB },
  'receipt.1': { message: receipt, most: 64 * KIB },
  'agency-set.1': { message: agencySet, most: 64 * KIB },
  'paired.1': { message: paired, most: 4 * KIB },
  'operator.1': { message: operator, most: 4 * KIB },
} satisfies Record<string, { message: Message<unknown>; most: number }>;

export type TypeName = keyof typeof objects;
export type ObjectOf<T extends TypeName> = Of<(typeof objects)[T]['message']>;

/** As browsers write one (HTML, section 7.1.1); plain HTTP only on this very machine. Nothing is normalised. */
export function isOrigin(text: string): boolean {
  const [, port = '1'] = /^(?:https:\/\/[a-z\d.-]+|http:\/\/(?:[a-z\d.-]*\.)?localhost)(?::([1-9]\d*))?$/.exec(text) ?? ['', '0'];
  return text.length <= 270 && Number(port) > 0 && Number(port) < 65_536;
}
