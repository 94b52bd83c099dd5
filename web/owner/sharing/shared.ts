// What is shared or asked at this moment, and what STOP would have to stop. Pure: it reads the sections, and
// says which stops to make.
import type { Id, RevokeScope, Share } from '$shared/api/shapes';
import type { KeptRevoke } from '../keep/kept';
import type { Item } from '../keep/outbox';
import type { PressView } from '../press/progress';

/** Shares that let, or are about to let, a picture out. */
export function open(shares: Share[]): Share[] {
  return shares.filter(({ state }) => state === 'live' || state === 'asked');
}

/** Presses that are on their way but have no share of their own yet. */
export function pending(presses: PressView[], shares: Share[]): PressView[] {
  const opened = new Set(shares.flatMap(({ pressId }) => pressId ?? []));
  return presses.filter(({ id, phase }) => phase === 'underway' && !opened.has(id));
}

/** STOP is on screen exactly while this is true. */
export function anythingToStop(presses: PressView[], shares: Share[]): boolean {
  return open(shares).length > 0 || pending(presses, shares).length > 0;
}

export interface Stopping {
  scopes: RevokeScope[];
  /** Presses that wait on this phone and must not leave it any more. */
  withdraw: Id[];
}

/** Everything, everywhere: each premises that shares, and each press that is still under way. */
export function stopAll(presses: PressView[], shares: Share[]): Stopping {
  const premises = new Set(open(shares).map((share) => share.premises.id));
  const waiting = presses.filter(({ by, phase }) => by === null && (phase === 'underway' || phase === 'tooOld'));
  const alone = pending(presses, shares).filter(({ by }) => by !== null);
  return {
    scopes: [
      ...[...premises].map((premisesId) => ({ premisesId })),
      ...[...waiting, ...alone].map(({ id }) => ({ pressId: id })),
    ],
    withdraw: waiting.map(({ id }) => id),
  };
}

/** Without a word from the hub: end whatever there may be, wherever this owner answers for it. */
export function stopBlindly(presses: PressView[], premises: { id: Id }[]): Stopping {
  const { scopes, withdraw } = stopAll(presses, []);
  return { scopes: [...premises.map(({ id }) => ({ premisesId: id })), ...scopes], withdraw };
}

/** What is known of the newest stop: the three truths, or why it has not arrived. */
export type StopTruth =
  | { state: 'kept'; at: number; onDisk: boolean; problem: string | null }
  | { state: 'received'; at: number }
  /** `unsigned`: why a device did not obey this phone's signature, so that the hub closed what it carried. */
  | { state: 'confirmed'; at: number; stopped: number; unsigned: string | null }
  | { state: 'refused'; at: number; problem: string };

/** Several stops made by one tap read as one: as far as the slowest of them has come. */
export function stopTruth(items: readonly Item[]): StopTruth | null {
  const stops = items.filter((item): item is Item & { kept: KeptRevoke } => item.kept.kind === 'revoke');
  const newest = stops.at(-1);
  if (!newest) return null;
  const at = newest.kept.madeAt;
  const together = stops.filter(({ kept }) => kept.madeAt === at);
  const accepted = together.filter(({ state }) => state !== 'refused');
  if (accepted.length === 0) return { state: 'refused', at, problem: newest.problem ?? 'The hub did not accept this.' };
  const unheard = accepted.find(({ answer }) => answer === null);
  if (unheard) return { state: 'kept', at, onDisk: unheard.onDisk, problem: unheard.problem };
  if (accepted.some(({ state }) => state !== 'delivered')) return { state: 'received', at };
  const stopped = accepted.flatMap(({ answer }) => (answer && 'stopped' in answer ? answer.stopped : []));
  const unsigned = accepted.map(({ answer }) => (answer && 'stopped' in answer ? (answer.refusal ?? null) : null)).find((why) => why !== null) ?? null;
  return { state: 'confirmed', at, stopped: new Set(stopped).size, unsigned };
}
