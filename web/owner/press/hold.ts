// The hold: a press counts only after it was held for a second and a half, so that a pocket presses nothing.
// Pure; the button that draws it is HoldButton.svelte.
//
//   idle -> holding -> held          (let go early: back to idle)
//   idle -> confirming -> held       (who cannot hold is asked instead, and says yes)

export const HOLD_MS = 1_500;
/** After this the question is dropped, so that a later stray click starts from the beginning. */
export const CONFIRM_WITHIN_MS = 30_000;

export type Hold =
  | { state: 'idle' }
  | { state: 'holding'; since: number }
  | { state: 'confirming'; since: number }
  | { state: 'held' };

export const idle: Hold = { state: 'idle' };

export function down(hold: Hold, now: number): Hold {
  return hold.state === 'idle' ? { state: 'holding', since: now } : hold;
}

export function up(hold: Hold): Hold {
  return hold.state === 'holding' ? idle : hold;
}

/** Time passes: a hold completes, a forgotten question goes away. */
export function tick(hold: Hold, now: number): Hold {
  if (hold.state === 'holding' && now - hold.since >= HOLD_MS) return { state: 'held' };
  if (hold.state === 'confirming' && now - hold.since >= CONFIRM_WITHIN_MS) return idle;
  return hold;
}

/** For whoever cannot hold: a screen reader's click, a switch, a voice, or the link that says so. */
export function ask(hold: Hold, now: number): Hold {
  return hold.state === 'idle' ? { state: 'confirming', since: now } : hold;
}

export function answer(hold: Hold, yes: boolean): Hold {
  if (hold.state !== 'confirming') return hold;
  return yes ? { state: 'held' } : idle;
}

/** From 0 to 1, for the visible fill. */
export function filled(hold: Hold, now: number): number {
  if (hold.state === 'held') return 1;
  return hold.state === 'holding' ? Math.min(1, Math.max(0, (now - hold.since) / HOLD_MS)) : 0;
}
