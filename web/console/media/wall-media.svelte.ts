// Puts the wall's connection, its nine slots and the requests to the hub together. It is told what each slot
// should show and reports what really happens; it decides nothing about which camera goes where.
import { call, sentenceOf } from '$shared/api/client';
import { MediaLink, type LinkState } from './link';
import { WallPeer } from './peer';
import { SlotMedia } from './slot.svelte';
import { Tiles, type Wish } from './tiles';

/** Often enough to notice a slow path, seldom enough to cost nothing. */
const STATS_EVERY_MS = 2_000;

export class WallMedia {
  link = $state.raw<LinkState>({ state: 'idle' });
  roundTripMs = $state.raw<number | null>(null);
  delayMs = $state.raw<number | null>(null);
  readonly slots: SlotMedia[];
  #peer: WallPeer | null = null;
  readonly #sound = new Audio();
  readonly #tiles: Tiles;
  readonly #link: MediaLink<WallPeer>;

  constructor(slots: number) {
    this.slots = Array.from({ length: slots }, (_, slot) => new SlotMedia(slot));
    this.#sound.muted = true;
    this.#tiles = new Tiles(
      {
        put: (wallId, slot, wish) => call('PUT', `/api/walls/${wallId}/tiles/${slot}`, { body: wish }),
        asking: (slot, wish, before) => this.slots[slot]?.asking(wish, before),
        answered: (slot, wish) => this.slots[slot]?.answered(wish),
        refused: (slot, wish, sentence) => this.slots[slot]?.refused(wish, sentence),
        wallUnknown: () => this.#link.lost('The hub has forgotten this wall'),
      },
      slots,
    );
    this.#link = new MediaLink<WallPeer>(crypto.randomUUID(), {
      peer: () => new WallPeer(slots),
      open: openWall,
      leave: leaveWall,
      now: () => Date.now(),
      sentence: sentenceOf,
      changed: (state, peer) => this.#follow(state, peer),
    });
  }

  get up(): boolean {
    return this.link.state === 'up';
  }

  get wallId(): string | null {
    return this.link.state === 'up' ? this.link.wallId : null;
  }

  /** Opens and keeps open. Returns how to end it. */
  start(): () => void {
    this.#link.open();
    const stats = setInterval(() => void this.#measure(), STATS_EVERY_MS);
    const gone = () => this.#link.close();
    const back = (event: PageTransitionEvent) => event.persisted && this.#link.open();
    globalThis.addEventListener('pagehide', gone);
    globalThis.addEventListener('pageshow', back);
    return () => {
      clearInterval(stats);
      globalThis.removeEventListener('pagehide', gone);
      globalThis.removeEventListener('pageshow', back);
      this.#link.close();
    };
  }

  show(slot: number, wish: Wish): void {
    this.slots[slot]?.wanted(wish);
    this.#tiles.want(slot, wish);
  }

  /** The hub gave this slot's camera up, and it is back. */
  again(slot: number): void {
    this.#tiles.again(slot);
  }

  /** The event stream came back: a hub that restarted has forgotten the wall, and this finds out at once. */
  check(): void {
    if (this.up) this.#tiles.check();
    else this.#link.open();
  }

  listen(on: boolean): void {
    this.#sound.muted = !on;
    if (on) void this.#sound.play().catch(() => undefined);
  }

  #follow(state: LinkState, peer: WallPeer | null): void {
    this.link = state;
    this.#peer = state.state === 'up' ? peer : null;
    this.slots.forEach((slot, n) => slot.bring(this.#peer?.videos[n] ?? null));
    this.#sound.srcObject = this.#peer ? new MediaStream([this.#peer.sound]) : null;
    this.#tiles.connected(this.wallId);
  }

  async #measure(): Promise<void> {
    const peer = this.#peer;
    const stats = peer ? await peer.stats().catch(() => null) : null;
    this.roundTripMs = stats?.roundTripMs ?? null;
    const shown = this.slots.flatMap((slot) => (slot.seen ? (slot.delayMs ?? []) : []));
    this.delayMs = shown.length > 0 ? Math.max(...shown) + (this.roundTripMs ?? 0) / 2 : null;
  }
}

async function openWall(wallId: string, offer: string): Promise<string> {
  const { ticket } = await call<{ ticket: string }>('POST', '/api/tickets', {
    body: { use: 'wall' },
    idempotencyKey: crypto.randomUUID(),
  });
  return call<string>('PUT', `/api/walls/${wallId}?ticket=${encodeURIComponent(ticket)}`, {
    body: offer,
    contentType: 'application/sdp',
    headers: { accept: 'application/sdp, application/problem+json' },
  });
}

/** Also while the page is closing: who no longer looks must not go on being counted as looking. */
function leaveWall(wallId: string): void {
  void fetch(`/api/walls/${wallId}`, { method: 'DELETE', keepalive: true }).catch(() => undefined);
}
