// Which presses still deserve a place on the page: those that live, and the outcome of those that ended badly,
// for as long as somebody may still be looking for it. Pure.
import type { PressView } from './progress';

/** An outcome that opened nothing must not be missed, but must not stay for ever either. */
const OUTCOME_FOR_MS = 15 * 60_000;
/** A cancelled press needs only a glance. */
const CANCELLED_FOR_MS = 10_000;

export function worthShowing(presses: PressView[], now: number): PressView[] {
  return presses.filter(({ phase, madeAt }) => {
    switch (phase) {
      case 'underway':
      case 'tooOld':
        return true;
      case 'message':
      case 'refused':
        return now - madeAt < OUTCOME_FOR_MS;
      case 'cancelled':
        return now - madeAt < CANCELLED_FOR_MS;
      case 'ended':
        return false;
    }
  });
}
