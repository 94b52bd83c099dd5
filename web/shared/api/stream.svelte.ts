// The page's one event stream as Svelte state: each section as the hub last said it, and the truth about the
// connection. It is read by fetch, not EventSource, so that a lost session, silence and resuming after a back-off
// are visible to us. It never invents a section: what was not received is undefined.
import { SvelteMap } from 'svelte/reactivity';
import { backOffMs } from './client';
import { EventLines, type StreamEvent } from './event-lines';

/** The hub sends at least a comment every 10 s; twice that without a byte means that the path is dead. */
const SILENCE_MS = 22_000;
const FIRST_RETRY_MS = 250;
/** A wall must be back within seconds of its hub. */
const LONGEST_RETRY_MS = 4_000;

export type Connection =
  | { state: 'connecting'; since: number }
  | { state: 'connected'; since: number }
  | { state: 'lost'; since: number }
  | { state: 'signedOut'; since: number };

export class PageStream<S extends object> {
  /** Never jumps back to 'connecting' after a loss: it stays 'lost' until bytes flow again. */
  connection = $state.raw<Connection>({ state: 'connecting', since: Date.now() });
  /** The hub said that it would go away, as before a restart; until it is back. */
  leaving = $state.raw(false);
  #sections = new SvelteMap<string, unknown>();
  #lastId: string | null = null;
  #lastByteAt = Date.now();
  /** The last byte or, while it opens, when it began to. */
  #quietSince = 0;
  #attempt = 0;
  #abort: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  #connectListeners = new Set<() => void>();

  constructor(readonly path = '/api/stream') {}

  get<K extends keyof S & string>(section: K): S[K] | undefined {
    return this.#sections.get(section) as S[K] | undefined;
  }

  get connected(): boolean {
    return this.connection.state === 'connected';
  }

  /** Called each time that the stream comes (back) to life. Returns how to stop listening. */
  onConnected(listener: () => void): () => void {
    this.#connectListeners.add(listener);
    return () => this.#connectListeners.delete(listener);
  }

  /** What was said to one person is not shown to the next. */
  forget(): void {
    this.#sections.clear();
    this.#lastId = null;
  }

  /** Opens and keeps open. Returns the way to end it, as an $effect wants. */
  start(): () => void {
    const wake = () => this.#wake();
    globalThis.addEventListener('online', wake);
    globalThis.addEventListener('offline', wake);
    document.addEventListener('visibilitychange', wake);
    this.#watch = setInterval(() => this.#checkSilence(), 1_000);
    this.connection = { state: 'connecting', since: Date.now() };
    void this.#open();
    return () => {
      globalThis.removeEventListener('online', wake);
      globalThis.removeEventListener('offline', wake);
      document.removeEventListener('visibilitychange', wake);
      clearInterval(this.#watch);
      clearTimeout(this.#timer);
      this.#abort?.abort();
      this.#abort = null;
    };
  }

  async #open(): Promise<void> {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    this.#quietSince = Date.now();
    try {
      await this.#read(abort.signal);
    } catch {
      // Every way to fail is handled alike: say so on the page, wait, open again.
    }
    if (this.#abort === abort) this.#retry();
  }

  async #read(signal: AbortSignal): Promise<void> {
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (this.#lastId !== null) headers['last-event-id'] = this.#lastId;
    const response = await fetch(this.path, { headers, signal, cache: 'no-store' });
    if (response.status === 401) return this.#signedOut();
    if (!response.ok || !response.body) return;
    const lines = new EventLines();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    this.#alive();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.#lastByteAt = this.#quietSince = Date.now();
      for (const event of lines.push(value)) this.#take(event);
    }
  }

  #take(event: StreamEvent): void {
    if (event.id !== null) this.#lastId = event.id;
    if (event.event === 'bye') {
      this.leaving = true;
      return;
    }
    this.#sections.set(event.event, JSON.parse(event.data));
  }

  #alive(): void {
    this.#attempt = 0;
    this.leaving = false;
    this.#lastByteAt = Date.now();
    this.connection = { state: 'connected', since: this.#lastByteAt };
    for (const listener of this.#connectListeners) listener();
  }

  #signedOut(): void {
    this.#abort = null;
    this.connection = { state: 'signedOut', since: Date.now() };
    this.forget();
  }

  #retry(): void {
    this.#lost();
    const wait = backOffMs(this.#attempt, FIRST_RETRY_MS, LONGEST_RETRY_MS);
    this.#attempt += 1;
    this.#timer = setTimeout(() => void this.#open(), wait);
  }

  #lost(): void {
    if (this.connection.state === 'lost') return;
    // The truth about age: we have known nothing since the last byte, not since we noticed.
    const since = this.connection.state === 'connected' ? this.#lastByteAt : this.connection.since;
    this.connection = { state: 'lost', since };
  }

  #checkSilence(): void {
    if (!this.#abort || Date.now() - this.#quietSince <= SILENCE_MS) return;
    this.#lost();
    void this.#open();
  }

  /** A phone that wakes, or finds its network again, does not wait for a back-off. */
  #wake(): void {
    if (!navigator.onLine) return this.#lost();
    if (document.visibilityState !== 'visible' || this.connection.state === 'signedOut') return;
    const stale = Date.now() - this.#lastByteAt > SILENCE_MS / 2;
    if (!this.connected || stale) void this.#open();
  }
}
