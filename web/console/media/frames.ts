// Decides which decoded frames belong to the camera that a slot should show. After a change of camera the old
// one's last frames are still on their way; none of them may be shown under the new name.

export interface Frame {
  /** When the browser had the frame on the screen. */
  shownAt: number;
  /** When its last packet arrived; the browser may not say. */
  receivedAt: number | null;
}

export class FrameGate {
  #from = Infinity;
  #lastFrameAt: number | null = null;

  get lastFrameAt(): number | null {
    return this.#lastFrameAt;
  }

  /** Nothing is shown any more: the picture is black until `open`, and then until a frame that came later. */
  shut(): void {
    this.#from = Infinity;
    this.#lastFrameAt = null;
  }

  /**
   * From now on only the new camera's frames arrive: the slot was empty when it was asked for, or the hub has
   * confirmed the change. No effect when it is open already.
   */
  open(now: number): void {
    if (this.#from === Infinity) this.#from = now;
  }

  /** Takes a frame; true when it is the first one of this camera. */
  take(frame: Frame): boolean {
    if ((frame.receivedAt ?? frame.shownAt) < this.#from) return false;
    const first = this.#lastFrameAt === null;
    this.#lastFrameAt = frame.shownAt;
    return first;
  }
}
