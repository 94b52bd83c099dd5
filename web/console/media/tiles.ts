// Tells the hub what each slot of the wall shows: reconciles what is wanted with what the hub has confirmed, one
// request at a time for each slot, the newest wish wins. It decides nothing about cameras or positions.
import { backOffMs, Problem } from '$shared/api/client';

export interface Wish {
  cameraId: string | null;
  size: 'large' | 'small';
  visible: boolean;
  audible: boolean;
}

export const NOTHING: Wish = { cameraId: null, size: 'small', visible: false, audible: false };


export interface TilesWorld {
  put(wallId: string, slot: number, wish: Wish): Promise<unknown>;
  /** A request leaves; `before` is what the hub had confirmed until now. */
  asking(slot: number, wish: Wish, before: Wish): void;
  answered(slot: number, wish: Wish): void;
  refused(slot: number, wish: Wish, sentence: string): void;
  wallUnknown(): void;
}

interface SlotState {
  wanted: Wish;
  confirmed: Wish;
  asked: boolean;
  failures: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

const FIRST_RETRY_MS = 300;
const LONGEST_RETRY_MS = 10_000;

export class Tiles {
  #wallId: string | null = null;
  #slots: SlotState[];

  constructor(
    private readonly world: TilesWorld,
    slots: number,
  ) {
    this.#slots = Array.from({ length: slots }, () => fresh(NOTHING));
  }

  /** A new connection shows nothing yet; no connection, nothing is asked. */
  connected(wallId: string | null): void {
    this.#wallId = wallId;
    this.#slots = this.#slots.map(({ wanted, timer }) => {
      clearTimeout(timer);
      return fresh(wanted);
    });
    this.#slots.forEach((_, slot) => this.#reconcile(slot));
  }

  want(slot: number, wish: Wish): void {
    const state = this.#slots[slot];
    if (!state || same(state.wanted, wish)) return;
    state.wanted = wish;
    state.failures = 0;
    clearTimeout(state.timer);
    this.#reconcile(slot);
  }

  /** Asks anew although the hub had confirmed it: the hub gave the camera up and it is back. */
  again(slot: number): void {
    const state = this.#slots[slot];
    if (!state || state.asked || !state.wanted.cameraId) return;
    state.confirmed = NOTHING;
    this.#reconcile(slot);
  }

  /** Asks about what should be there already, so that a hub that forgot this wall says so. */
  check(): void {
    const filled = this.#slots.flatMap((state, slot) => (state.wanted.cameraId ? [slot] : []));
    for (const slot of filled) this.again(slot);
    const [first] = this.#slots;
    if (filled.length === 0 && first && this.#wallId && !first.asked) void this.#ask(this.#wallId, 0, first);
  }

  #reconcile(slot: number): void {
    const state = this.#slots[slot];
    if (!state || !this.#wallId || state.asked || same(state.wanted, state.confirmed)) return;
    void this.#ask(this.#wallId, slot, state);
  }

  async #ask(wallId: string, slot: number, state: SlotState): Promise<void> {
    const wish = state.wanted;
    state.asked = true;
    this.world.asking(slot, wish, state.confirmed);
    const thrown = await this.world.put(wallId, slot, wish).then(
      () => null,
      (problem: unknown) => problem,
    );
    state.asked = false;
    if (this.#slots[slot] !== state) return;
    if (thrown === null) this.#confirm(slot, state, wish);
    else this.#fail(slot, state, wish, thrown);
  }

  #confirm(slot: number, state: SlotState, wish: Wish): void {
    state.confirmed = wish;
    state.failures = 0;
    this.world.answered(slot, wish);
    this.#reconcile(slot);
  }

  #fail(slot: number, state: SlotState, wish: Wish, thrown: unknown): void {
    if (!same(state.wanted, wish)) return this.#reconcile(slot);
    if (thrown instanceof Problem && thrown.slug === WALL_UNKNOWN) return this.world.wallUnknown();
    if (thrown instanceof Problem && !thrown.passing) this.world.refused(slot, wish, thrown.sentence);
    const wait = backOffMs(state.failures, FIRST_RETRY_MS, LONGEST_RETRY_MS);
    state.failures += 1;
    state.timer = setTimeout(() => this.#reconcile(slot), wait);
  }
}

/** The problem document's type when the wall itself is gone, as after a restart of the hub. */
const WALL_UNKNOWN = 'unknown-wall';

function fresh(wanted: Wish): SlotState {
  return { wanted, confirmed: NOTHING, asked: false, failures: 0, timer: undefined };
}

export function same(a: Wish, b: Wish): boolean {
  if (a.cameraId === null && b.cameraId === null) return true;
  return a.cameraId === b.cameraId && a.size === b.size && a.visible === b.visible && a.audible === b.audible;
}
