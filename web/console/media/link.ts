// The one media connection of this console: opened at sign-in, kept, and opened again by itself. It knows
// session descriptions and back-off, not cameras; what the slots show is tiles.ts.
//
//   idle -- open() --> opening -- answer, connected --> up -- lost, hub gone --> waiting -- back-off --> opening
import { backOffMs } from '$shared/api/client';

/** A hub on the town's own network answers and connects in far less; past it something is wrong. */
const OPEN_WITHIN_MS = 6_000;
/** ICE often recovers from `disconnected` alone; beyond this a new connection is faster. */
const RECOVER_WITHIN_MS = 1_500;
/** A connection that lived this long was a good one: the next loss starts its back-off anew. */
const GOOD_AFTER_MS = 5_000;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 8_000;

export type LinkState =
  | { state: 'idle' }
  | { state: 'opening'; wallId: string }
  | { state: 'up'; wallId: string }
  | { state: 'waiting'; problem: string; again: number };

/** The part of an RTCPeerConnection that this needs, so that it can be tested without one. */
export interface Peer {
  readonly connectionState: RTCPeerConnectionState;
  offer(): Promise<string>;
  answer(sdp: string): Promise<void>;
  close(): void;
  onchange: (() => void) | null;
}

export interface LinkWorld<P extends Peer> {
  peer(): P;
  /** Asks for a ticket and puts the offer; gives the answer. */
  open(wallId: string, offer: string): Promise<string>;
  leave(wallId: string): void;
  now(): number;
  sentence(thrown: unknown): string;
  changed(state: LinkState, peer: P | null): void;
}

export class MediaLink<P extends Peer> {
  #state: LinkState = { state: 'idle' };
  #peer: P | null = null;
  #failures = 0;
  #upSince = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** One id for all attempts: the hub replaces the connection of a wall that it knows. */
  constructor(
    readonly wallId: string,
    private readonly world: LinkWorld<P>,
  ) {}

  get state(): LinkState {
    return this.#state;
  }

  open(): void {
    if (this.#state.state === 'idle' || this.#state.state === 'waiting') void this.#attempt();
  }

  /** The hub no longer knows this wall, for example after a restart. */
  lost(problem: string): void {
    if (this.#state.state === 'up' || this.#state.state === 'opening') this.#fail(problem);
  }

  close(): void {
    clearTimeout(this.#timer);
    const known = this.#state.state === 'up' || this.#state.state === 'opening';
    this.#drop();
    if (known) this.world.leave(this.wallId);
    this.#become({ state: 'idle' });
  }

  async #attempt(): Promise<void> {
    clearTimeout(this.#timer);
    const { wallId } = this;
    const peer = (this.#peer = this.world.peer());
    this.#become({ state: 'opening', wallId });
    this.#timer = setTimeout(() => this.lost('The media connection took too long to open'), OPEN_WITHIN_MS);
    peer.onchange = () => this.#follow(peer, wallId);
    try {
      const answer = await this.world.open(wallId, await peer.offer());
      if (peer === this.#peer) await peer.answer(answer);
    } catch (thrown) {
      if (peer === this.#peer) this.#fail(this.world.sentence(thrown));
    }
  }

  #follow(peer: P, wallId: string): void {
    if (peer !== this.#peer) return;
    clearTimeout(this.#timer);
    switch (peer.connectionState) {
      case 'connected':
        if (this.#state.state !== 'up') this.#upSince = this.world.now();
        return this.#become({ state: 'up', wallId });
      case 'disconnected':
        this.#timer = setTimeout(() => this.lost('The media connection is lost'), RECOVER_WITHIN_MS);
        return;
      case 'failed':
      case 'closed':
        return this.#fail('The media connection is lost');
      case 'new':
      case 'connecting':
        this.#timer = setTimeout(() => this.lost('The media connection took too long to open'), OPEN_WITHIN_MS);
    }
  }

  #fail(problem: string): void {
    clearTimeout(this.#timer);
    const lived = this.#state.state === 'up' ? this.world.now() - this.#upSince : 0;
    this.#failures = lived >= GOOD_AFTER_MS ? 0 : this.#failures;
    const wait = backOffMs(this.#failures, FIRST_RETRY_MS, LONGEST_RETRY_MS);
    this.#failures += 1;
    this.#drop();
    this.#become({ state: 'waiting', problem, again: this.world.now() + wait });
    this.#timer = setTimeout(() => void this.#attempt(), wait);
  }

  #drop(): void {
    const peer = this.#peer;
    this.#peer = null;
    if (!peer) return;
    peer.onchange = null;
    peer.close();
  }

  #become(state: LinkState): void {
    const same = state.state === 'up' && this.#state.state === 'up' && this.#state.wallId === state.wallId;
    this.#state = state;
    if (!same) this.world.changed(state, this.#peer);
  }
}
