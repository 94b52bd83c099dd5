// The next limit of a device: what the owner picks, on top of the one in force. Agencies are those of the one before
// and of the rules, so that a rule is not cut off by a limit that never heard of its agency.
import { compare, hex, unhex, type Bytes } from '../consent/bytes';
import type { Ceiling, Rule } from '../consent/objects';
import type { Limits } from '../pairing/first-words';

interface Before {
  readonly value: Ceiling;
  readonly hash: Bytes;
}

export const limitsOf = ({ longestSecs, secsADay, cameras, rights }: Ceiling): Limits => ({ longestSecs, secsADay, cameras, rights });

export function nextCeiling({ value, hash }: Before, limits: Limits, rules: readonly Rule[]): Ceiling {
  const named = new Set([...value.agencies, ...rules.map(({ agency }) => agency)].map(hex));
  return { ...value, ...limits, version: value.version + 1n, previous: hash, agencies: [...named].map(unhex).sort(compare) };
}
