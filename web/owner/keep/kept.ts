// What this phone keeps until the hub has it: presses and stops, each with the id it will carry for ever. Only
// the shapes and the rules about age; keeping them is database.ts, sending them outbox.ts.
import type { Id, Level, PressBody, RevokeBody, RevokeScope } from '$shared/api/shapes';

/** An older press may describe a danger that has passed: it arrives as a message and opens nothing. */
export const OPENS_WITHIN_MS = 120_000;

export interface KeptPress {
  kind: 'press';
  id: Id;
  /** Who pressed: nobody else's session may send it. */
  personId: Id;
  premisesId: Id;
  level: Level;
  silent: boolean;
  drill: boolean;
  /** A line for the operators. A press kept by an older version of this page has none. */
  note?: string | null;
  /** By this phone's clock, in milliseconds since the epoch. */
  madeAt: number;
}

export interface KeptRevoke {
  kind: 'revoke';
  id: Id;
  personId: Id;
  scope: RevokeScope;
  /** Whose devices are told, where it is known. */
  premisesId?: Id | undefined;
  reason: RevokeBody['reason'];
  madeAt: number;
}

export type Kept = KeptPress | KeptRevoke;

/** The same in signed words, base64url, one a paired device of the premises. None where no device wants any. */
export interface Signed {
  envelopes?: string[];
}

/** Signs for these devices, or for all; where some are named, what was signed before has not done. */
export type Seal = (kept: Kept, now: number, again?: readonly string[]) => Promise<string[]>;

/** It goes out unsigned rather than late: a press is heard and can be signed after, and the hub closes what it carries. */
const SIGNED_WITHIN_MS = 1_500;

export async function signed(kept: Kept, now: number, seal: Seal, again?: readonly string[]): Promise<Signed> {
  const sealing = seal(kept, now, again).catch(() => []);
  const envelopes = await Promise.race([sealing, nothingIn(SIGNED_WITHIN_MS)]);
  return envelopes.length > 0 ? { envelopes } : {};
}

const nothingIn = (ms: number) => new Promise<string[]>((resolve) => setTimeout(resolve, ms, []));

export function ageMs(kept: Kept, now: number): number {
  return Math.max(0, now - kept.madeAt);
}

/** True while this press, were it to arrive now, would still open. A stop never ages. */
export function stillOpens(press: KeptPress, now: number): boolean {
  return ageMs(press, now) <= OPENS_WITHIN_MS;
}

export function pressBody(press: KeptPress, now: number): PressBody {
  const { premisesId, level, silent, drill, note = null } = press;
  return { premisesId, level, silent, drill, cameraIds: null, ageMs: ageMs(press, now), note };
}

export function revokeBody({ scope, reason }: KeptRevoke): RevokeBody {
  return { scope, reason };
}

/** Closing goes before opening, and older before newer. */
export function inSendingOrder<K extends Kept>(kept: K[]): K[] {
  return kept.toSorted((a, b) => rank(a) - rank(b) || a.madeAt - b.madeAt);
}

function rank(kept: Kept): number {
  return kept.kind === 'revoke' ? 0 : 1;
}
