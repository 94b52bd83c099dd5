// Brings what is kept to the hub, exactly once: each press and stop is a PUT to its own id, made again until the
// hub answers, through dead networks, restarts and reloads.
//
//   made -> kept -> sending -> delivered            (a press; a stop that the device confirmed)
//             ^        |  `--> received -> delivered    (a stop that no device has confirmed yet; a press that waits for
//             |        |                                 a signature over something fresh, for as long as it may open)
//             '--wait--'  `--> refused                  (the hub said no, for good)
import { backOffMs, Problem } from '$shared/api/client';
import type { Id, Press, PressBody, Revoke, RevokeBody } from '$shared/api/shapes';
import type { Keeping } from './database';
import { inSendingOrder, stillOpens, type Kept, type Seal, type Signed } from './kept';
import { deliver } from './post';

export interface Post {
  press(id: Id, body: PressBody & Signed): Promise<Press>;
  revoke(id: Id, body: RevokeBody & Signed): Promise<Revoke>;
}

export interface Item {
  kept: Kept;
  /** False when the phone could not store it: then it lives only as long as this page. */
  onDisk: boolean;
  state: 'waiting' | 'sending' | 'received' | 'delivered' | 'refused' | 'signedOut';
  attempts: number;
  /** The hub's sentence, or why it has not arrived. */
  problem: string | null;
  answer: Press | Revoke | null;
}

const FIRST_RETRY_MS = 400;
/** A frightened person with one bar of signal: never wait long to try again. */
const LONGEST_RETRY_MS = 5_000;
/** How often to ask whether the device has confirmed a stop. */
const CONFIRM_MS = 700;
/** How often to look whether a device that was away has something fresh to sign. */
const SIGN_MS = 2_000;
/** A phone whose storage hangs must still send. */
const STORAGE_PATIENCE_MS = 400;
/** Nobody presses this often; past it the oldest delivered ones are forgotten. */
const MOST_SHOWN = 32;

export class Outbox {
  #items: Item[] = [];
  #timers = new Map<Id, ReturnType<typeof setTimeout>>();

  constructor(
    private readonly keeping: Keeping,
    private readonly post: Post,
    private readonly changed: (items: readonly Item[]) => void,
    private readonly now: () => number = () => Date.now(),
    private readonly seal: Seal = async () => [],
  ) {}

  /** Takes up what earlier visits of this person left behind. */
  async resume(personId: Id): Promise<void> {
    const found = await this.keeping.all().catch(() => []);
    this.#items = this.#items.filter(({ kept }) => kept.personId === personId);
    const known = new Set(this.#items.map(({ kept }) => kept.id));
    const mine = found.filter((kept) => kept.personId === personId && !known.has(kept.id));
    this.#items.push(...mine.map((kept) => fresh(kept, true)));
    this.#tell();
    this.wake();
  }

  /** Keeps, then sends. `withdraw` names presses that a stop makes pointless; they are forgotten in the same step. */
  async add(made: Kept[], withdraw: Id[] = []): Promise<void> {
    for (const id of withdraw) this.#drop(id);
    const items = made.map((kept) => fresh(kept, false));
    this.#items.push(...items);
    this.#tell();
    const onDisk = await this.#keep(made, withdraw);
    for (const { kept } of items) {
      this.#set(kept.id, { onDisk });
      void this.#send(kept.id);
    }
  }

  /** Tries everything that waits, now: the network is back, the page is looked at, the stream lives. */
  wake(): void {
    for (const kept of inSendingOrder(this.#items.map((item) => item.kept))) {
      const { state } = this.#item(kept.id) ?? {};
      if (state === 'waiting' || state === 'received' || state === 'signedOut') void this.#send(kept.id);
    }
  }

  /** A device has said since that what was signed came too late: once more, with something fresh. */
  signAgain(press: Press): void {
    if (this.#item(press.id)?.state !== 'delivered' || !this.#waitsForSignature(press.id, press)) return;
    this.#set(press.id, { state: 'received', answer: press });
    void this.#send(press.id);
  }

  /** Forgets the outcome of something that needs no further sending. */
  dismiss(id: Id): void {
    const state = this.#item(id)?.state;
    if (state !== 'delivered' && state !== 'refused') return;
    this.#drop(id);
    this.#tell();
  }

  /** Sends nothing more until it is resumed; what could not be stored stays here. */
  pause(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  /** For signing out: everything is given up, on the disk too. */
  async erase(): Promise<void> {
    this.pause();
    this.#items = [];
    this.#tell();
    await this.keeping.erase();
  }

  async #keep(made: Kept[], withdraw: Id[]): Promise<boolean> {
    const patience = new Promise<boolean>((resolve) => setTimeout(resolve, STORAGE_PATIENCE_MS, false));
    const kept = this.keeping.change(made, withdraw).then(() => true, () => false);
    return Promise.race([kept, patience]);
  }

  async #send(id: Id): Promise<void> {
    const item = this.#item(id);
    if (!item || item.state === 'sending') return;
    clearTimeout(this.#timers.get(id));
    this.#set(id, { state: 'sending', attempts: item.attempts + 1 });
    try {
      const answer = await deliver(item.kept, this.now, this.post, this.seal, waitingFor(item.answer));
      this.#arrived(id, answer);
    } catch (thrown) {
      this.#failed(id, thrown);
    }
  }

  #arrived(id: Id, answer: Press | Revoke): void {
    if (!this.#item(id)) return;
    if (answer.state === 'received' && 'stopped' in answer) {
      this.#set(id, { state: 'received', answer, problem: null, attempts: 0 });
      return this.#later(id, CONFIRM_MS);
    }
    if (this.#waitsForSignature(id, answer)) {
      this.#set(id, { state: 'received', answer, problem: null, attempts: 0 });
      return this.#later(id, SIGN_MS);
    }
    this.#set(id, { state: 'delivered', answer, problem: null });
    this.#forget(id);
  }

  #waitsForSignature(id: Id, answer: Press | Revoke): boolean {
    const { kept } = this.#item(id)!;
    return kept.kind === 'press' && waitingFor(answer) !== undefined && stillOpens(kept, this.now());
  }

  #failed(id: Id, thrown: unknown): void {
    const item = this.#item(id);
    if (!item) return;
    const problem = thrown instanceof Problem ? thrown : new Problem('page', 0, 'This phone could not send it.');
    if (problem.signedOut) return this.#set(id, { state: 'signedOut', problem: problem.sentence });
    if (!problem.passing) {
      this.#set(id, { state: 'refused', problem: problem.sentence });
      return this.#forget(id);
    }
    const state = item.answer ? 'received' : 'waiting';
    this.#set(id, { state, problem: problem.sentence });
    this.#later(id, problem.retryAfterMs ?? backOffMs(item.attempts, FIRST_RETRY_MS, LONGEST_RETRY_MS));
  }

  #later(id: Id, ms: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.set(id, setTimeout(() => void this.#send(id), Math.min(ms, LONGEST_RETRY_MS)));
  }

  /** Off the disk; it stays on the page. A failure here only means that a later visit sends the same id again. */
  #forget(id: Id): void {
    this.#timers.delete(id);
    void this.keeping.change([], [id]).catch(() => undefined);
  }

  #drop(id: Id): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.#items = this.#items.filter(({ kept }) => kept.id !== id);
  }

  #item(id: Id): Item | undefined {
    return this.#items.find(({ kept }) => kept.id === id);
  }

  #set(id: Id, change: Partial<Item>): void {
    this.#items = this.#items.map((item) => (item.kept.id === id ? { ...item, ...change } : item));
    this.#tell();
  }

  #tell(): void {
    const settled = this.#items.filter(({ state }) => state === 'delivered' || state === 'refused');
    const surplus = new Set(settled.slice(0, Math.max(0, settled.length - MOST_SHOWN)));
    this.#items = this.#items.filter((item) => !surplus.has(item));
    this.changed(this.#items);
  }
}

/** The devices that a press still waits for; undefined where there are none. An older hub names none. */
function waitingFor(answer: Press | Revoke | null): readonly string[] | undefined {
  const devices = answer && 'signFor' in answer ? answer.signFor : [];
  return devices.length > 0 ? devices : undefined;
}

function fresh(kept: Kept, onDisk: boolean): Item {
  return { kept, onDisk, state: 'waiting', attempts: 0, problem: null, answer: null };
}
