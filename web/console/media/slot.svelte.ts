// One slot of the wall in this browser: its video element, which is made once and reused, and the evidence that
// frames of the right camera really reach the screen. What to say about it is wall/tile.ts.
import { FrameGate } from './frames';
import type { Wish } from './tiles';

export class SlotMedia {
  cameraId = $state.raw<string | null>(null);
  since = $state.raw(0);
  problem = $state.raw<string | null>(null);
  /** A frame of this camera has been on the screen since it was last opened here. */
  seen = $state.raw(false);
  /** From the last packet's arrival to the screen, the newest frame's. */
  delayMs: number | null = null;
  readonly #gate = new FrameGate();
  #video: HTMLVideoElement | null = null;
  #track: MediaStreamTrack | null = null;
  #visible = false;

  constructor(readonly slot: number) {}

  /** For Svelte's {@attach}. */
  attach = (video: HTMLVideoElement): (() => void) => {
    this.#video = video;
    this.#connect();
    let handle = 0;
    const next = (_: number, frame: VideoFrameCallbackMetadata) => {
      this.#take(frame);
      handle = video.requestVideoFrameCallback(next);
    };
    handle = video.requestVideoFrameCallback(next);
    return () => {
      video.cancelVideoFrameCallback(handle);
      video.srcObject = null;
      this.#video = null;
    };
  };

  /** A new connection's track, or none. Whatever was seen before is old from now on. */
  bring(track: MediaStreamTrack | null): void {
    this.#track = track;
    if (track) {
      this.#blacken();
      this.since = Date.now();
    }
    this.#connect();
  }

  wanted(wish: Wish): void {
    const changed = wish.cameraId !== this.cameraId;
    if (changed || (this.#visible && !wish.visible)) this.#blacken();
    if (changed) {
      this.cameraId = wish.cameraId;
      this.problem = null;
    }
    if (changed || (wish.visible && !this.#visible)) this.since = Date.now();
    this.#visible = wish.visible;
    this.#connect();
  }

  asking(wish: Wish, before: Wish): void {
    const onlyThisCamera = before.cameraId === null || !before.visible || before.cameraId === wish.cameraId;
    if (wish.visible && wish.cameraId && onlyThisCamera) this.#gate.open(performance.now());
  }

  answered(wish: Wish): void {
    this.problem = null;
    if (wish.visible && wish.cameraId === this.cameraId) this.#gate.open(performance.now());
  }

  refused(wish: Wish, sentence: string): void {
    if (wish.cameraId === this.cameraId) this.problem = sentence;
  }

  /** On the clock of `now`; null before the first frame. */
  lastFrameAt(now: number): number | null {
    const last = this.seen ? this.#gate.lastFrameAt : null;
    return last === null ? null : now - (performance.now() - last);
  }

  #connect(): void {
    if (!this.#video) return;
    const has = (this.#video.srcObject as MediaStream | null)?.getVideoTracks()[0] ?? null;
    // While there is no connection the last picture stays, dimmed and with its age; see wall/tile.ts.
    const wanted = this.cameraId && this.#visible ? (this.#track ?? has) : null;
    if (wanted === has) return;
    this.#video.srcObject = wanted ? new MediaStream([wanted]) : null;
    if (wanted) void this.#video.play().catch(() => undefined);
  }

  #blacken(): void {
    if (this.seen) performance.mark('tile:black', { detail: { slot: this.slot, cameraId: this.cameraId } });
    this.#gate.shut();
    this.seen = false;
    this.delayMs = null;
    // Letting go of the stream is what makes the element forget its last frame.
    if (this.#video) this.#video.srcObject = null;
  }

  #take(frame: VideoFrameCallbackMetadata): void {
    const receivedAt = frame.receiveTime ?? null;
    const first = this.#gate.take({ shownAt: performance.now(), receivedAt });
    if (receivedAt !== null) this.delayMs = frame.expectedDisplayTime - receivedAt;
    if (!first) return;
    this.seen = true;
    performance.mark('tile:first-frame', { detail: { slot: this.slot, cameraId: this.cameraId } });
  }
}
