// Acknowledging with one key, safely: an alarm that jumped to the front a moment ago is not what the operator read,
// so that the key does not take it.
import type { Alarm } from '../alarms/rank';
import { acknowledge } from './calls';

/** Faster than this nobody has read the new line. */
const READ_WITHIN_MS = 400;

export class Acknowledging {
  /** Alerts on their way to the hub. */
  pending = $state.raw<ReadonlySet<string>>(new Set());
  #front: string | null = null;
  #frontSince = 0;

  /** Tells which alarm is in front; call it whenever that may have changed. */
  inFront(alertId: string | null, now: number): void {
    if (alertId === this.#front) return;
    this.#front = alertId;
    this.#frontSince = now;
  }

  /** By key: false when the alarm in front is too new to have been read. */
  byKey(alarm: Alarm | undefined, now: number): boolean {
    if (!alarm?.waiting) return true;
    if (alarm.alert.id !== this.#front || now - this.#frontSince < READ_WITHIN_MS) return false;
    void this.take(alarm.alert.id);
    return true;
  }

  async take(alertId: string): Promise<void> {
    if (this.pending.has(alertId)) return;
    this.pending = new Set([...this.pending, alertId]);
    await acknowledge(alertId);
    this.pending = new Set([...this.pending].filter((id) => id !== alertId));
  }
}
