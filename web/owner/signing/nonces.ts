// Nonces: what makes a press fresh. One is kept ready for each device while the page is looked at, so that a press
// need not wait for one. A device has one outstanding for a key: asking again makes the one before it stale.
//
//   none --ask--> asked --given--> ready --take--> none
//                   |  `--refused-> none     `--too old--> none
import type { Nonce } from './hub';
import type { Bytes } from '../consent/bytes';

/** On its way to the device it must still be alive. */
const MARGIN_MS = 12_000;
/** After one was taken its press is under way: another question now would make it stale. */
const QUIET_MS = 8_000;
const LOOK_MS = 5_000;

interface Slot {
  asked: Promise<void> | null;
  ready: { nonce: Bytes; until: number } | null;
  quietUntil: number;
}

export class Nonces {
  readonly #slots = new Map<string, Slot>();

  constructor(
    private readonly ask: (device: string) => Promise<Nonce>,
    private readonly now: () => number = () => Date.now(),
  ) {}

  /** For one signature. Rejects with the hub's or the device's reason. */
  async take(device: string): Promise<Bytes> {
    const slot = this.#slot(device);
    if (!this.#isFresh(slot)) await this.#ask(device, slot);
    // Somebody else who waited for the same answer was quicker.
    if (!slot.ready) return this.take(device);
    const { nonce } = slot.ready;
    slot.ready = null;
    slot.quietUntil = this.now() + QUIET_MS;
    return nonce;
  }

  /** Keeps one ready for each of these until the answer is called. A failure waits for the next look. */
  keepReady(devices: () => readonly string[]): () => void {
    const look = () => {
      for (const device of devices()) {
        const slot = this.#slot(device);
        if (slot.asked || this.#isFresh(slot) || this.now() < slot.quietUntil) continue;
        this.#ask(device, slot).catch(() => undefined);
      }
    };
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }

  #ask(device: string, slot: Slot): Promise<void> {
    slot.asked ??= this.#fetch(device, slot).finally(() => (slot.asked = null));
    return slot.asked;
  }

  async #fetch(device: string, slot: Slot): Promise<void> {
    // The question makes the one before it stale.
    slot.ready = null;
    // Counted from before the question: the device began to count after it.
    const from = this.now();
    const { nonce, livesMs } = await this.ask(device);
    slot.ready = { nonce, until: from + livesMs - MARGIN_MS };
  }

  #isFresh({ ready }: Slot): boolean {
    return ready !== null && this.now() < ready.until;
  }

  #slot(device: string): Slot {
    const slot = this.#slots.get(device) ?? { asked: null, ready: null, quietUntil: 0 };
    this.#slots.set(device, slot);
    return slot;
  }
}
