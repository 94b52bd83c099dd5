// The present, as state: read `now()` inside a component and it is drawn again each quarter of a second while
// anybody looks. One timer serves the whole page.
import { createSubscriber } from 'svelte/reactivity';

/** Fine enough for a countdown of seconds that never seems to skip one. */
const TICK_MS = 250;

const subscribe = createSubscriber((changed) => {
  const timer = setInterval(changed, TICK_MS);
  return () => clearInterval(timer);
});

export function now(): number {
  subscribe();
  return Date.now();
}
