// When to sound and what: pure decisions on which alarms are new and which still wait. The sound itself is made
// by sound.svelte.ts.
import type { Alarm } from './rank';

export type Chime = 'urgent' | 'high' | 'info' | 'drill';

/** A panic that nobody took sounds again; more often would stop people from thinking. */
const REPEAT_MS: Record<Chime, number> = { urgent: 5_000, high: 15_000, info: Infinity, drill: Infinity };

const LOUDEST: readonly Chime[] = ['urgent', 'high', 'info', 'drill'];

export function chimeOf(alarm: Alarm): Chime {
  return alarm.incident.drill ? 'drill' : alarm.premisesAlarm ? 'urgent' : alarm.grade;
}

export interface Heard {
  /** Alerts that have sounded at least once. */
  ids: ReadonlySet<string>;
  lastAt: number;
}

export const NOTHING_HEARD: Heard = { ids: new Set(), lastAt: -Infinity };

/** The one chime that is due now, if any: at once for what is new, again for what waits too long. */
export function dueChime(all: readonly Alarm[], heard: Heard, now: number): { chime: Chime | null; heard: Heard } {
  const waiting = all.filter((alarm) => alarm.waiting);
  const fresh = waiting.filter((alarm) => !heard.ids.has(alarm.alert.id));
  const due = fresh.length > 0 ? loudest(fresh) : repeated(waiting, now - heard.lastAt);
  const ids = new Set(waiting.map((alarm) => alarm.alert.id));
  return { chime: due, heard: { ids, lastAt: due ? now : heard.lastAt } };
}

function repeated(waiting: readonly Alarm[], silentForMs: number): Chime | null {
  return loudest(waiting.filter((alarm) => silentForMs >= REPEAT_MS[chimeOf(alarm)]));
}

function loudest(of: readonly Alarm[]): Chime | null {
  return LOUDEST.find((chime) => of.some((alarm) => chimeOf(alarm) === chime)) ?? null;
}
