// Times and lengths as people say them. Pure: the present is an argument; see clock.svelte.ts for one that ticks.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds since the epoch; NaN for what is no time, never an exception. */
export function at(time: string): number {
  return Date.parse(time);
}

/** "07:41" or "1:07:41": a countdown. Never below zero. */
export function countdown(ms: number): string {
  const left = Math.max(0, Math.ceil(ms / SECOND));
  const seconds = pad(left % 60);
  const minutes = Math.floor(left / 60) % 60;
  const hours = Math.floor(left / 3_600);
  return hours > 0 ? `${hours}:${pad(minutes)}:${seconds}` : `${pad(minutes)}:${seconds}`;
}

/** "4 s", "3 min", "2 h 5 min": how long something took or lasted. */
export function length(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.round(ms / SECOND))} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ${Math.floor((ms % HOUR) / MINUTE)} min`;
  const days = Math.floor(ms / DAY);
  return days === 1 ? '1 day' : `${days} days`;
}

/** "just now", "12 s ago", "4 min ago". */
export function ago(time: string, now: number): string {
  const ms = now - at(time);
  return ms < 2 * SECOND ? 'just now' : `${length(ms)} ago`;
}

/** "14:03" in the reader's own zone. */
export function clock(time: string | number): string {
  return new Date(time).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}

/** "14:03:27". */
export function clockWithSeconds(time: string | number): string {
  return new Date(time).toLocaleTimeString([], {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
}

/** "today", "yesterday" or "Wed 18 Nov". */
export function day(time: string | number, now: number): string {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  const then = new Date(time).getTime();
  if (then >= midnight && then < midnight + DAY) return 'today';
  if (then < midnight && then >= midnight - DAY) return 'yesterday';
  return new Date(time).toLocaleDateString([], { weekday: 'short', day: 'numeric', month: 'short' });
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
