import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PageStream } from './stream.svelte';

interface Sections {
  duty: { onDuty: number };
  notice: { kind: string | null };
}

/** A hub's side of one opened stream. */
class Line {
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  readonly response = new Response(new ReadableStream({ start: (controller) => void (this.#controller = controller) }));
  say = (text: string) => this.#controller.enqueue(new TextEncoder().encode(text));
  end = () => this.#controller.close();
}

let lines: Line[];
let asked: Record<string, string>[];
let answer: () => Response | Promise<Response>;
let stop: () => void;

function started() {
  const stream = new PageStream<Sections>();
  stop = stream.start();
  return stream;
}

async function pass(ms: number) {
  await vi.advanceTimersByTimeAsync(ms);
  // Streams resolve on real microtasks; a few turns let every piece arrive.
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  await vi.advanceTimersByTimeAsync(0);
}

beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  asked = [];
  stop = () => undefined;
  answer = () => {
    const line = new Line();
    lines.push(line);
    return line.response;
  };
  vi.stubGlobal('fetch', async (_: string, init: RequestInit) => {
    asked.push(init.headers as Record<string, string>);
    return answer();
  });
});

afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the page’s stream', () => {
  it('keeps each section as the hub last said it', async () => {
    const stream = started();
    await pass(1);
    expect(stream.connected).toBe(true);
    expect(stream.get('duty')).toBeUndefined();
    lines[0]?.say('event: duty\nid: 4\ndata: {"onDuty":1}\n\nevent: duty\nid: 5\ndata: {"onDuty":2}\n\n');
    await pass(1);
    expect(stream.get('duty')).toEqual({ onDuty: 2 });
  });

  it('resumes after its last event when the line ends', async () => {
    const stream = started();
    await pass(1);
    lines[0]?.say('event: duty\nid: 5\ndata: {"onDuty":2}\n\n');
    await pass(1);
    lines[0]?.end();
    await pass(1);
    expect(stream.connection.state).toBe('lost');
    expect(stream.get('duty')).toEqual({ onDuty: 2 });
    await pass(500);
    expect(stream.connected).toBe(true);
    expect(asked.map((headers) => headers['last-event-id'])).toEqual([undefined, '5']);
  });

  it('says lost from the last byte on, and comes back when the hub does', async () => {
    const stream = started();
    await pass(1);
    lines[0]?.say(': alive\n\n');
    await pass(0);
    const lastByte = Date.now();
    await pass(5_000);
    answer = () => Promise.reject(new TypeError('network'));
    lines[0]?.end();
    await pass(10_000);
    expect(stream.connection).toEqual({ state: 'lost', since: lastByte });
    const heard = vi.fn();
    stream.onConnected(heard);
    answer = () => new Line().response;
    await pass(4_100);
    expect(stream.connected).toBe(true);
    expect(heard).toHaveBeenCalledTimes(1);
  });

  it('takes a long silence for a dead line', async () => {
    const stream = started();
    await pass(1);
    await pass(15_000);
    lines[0]?.say(': alive\n\n');
    await pass(15_000);
    expect(asked).toHaveLength(1);
    await pass(8_000);
    expect(asked).toHaveLength(2);
    expect(stream.connected).toBe(true);
  });

  it('forgets everything when the session has ended', async () => {
    const stream = started();
    await pass(1);
    lines[0]?.say('event: duty\nid: 5\ndata: {"onDuty":2}\n\n');
    await pass(1);
    answer = () => new Response(null, { status: 401 });
    lines[0]?.end();
    await pass(1_000);
    expect(stream.connection.state).toBe('signedOut');
    expect(stream.get('duty')).toBeUndefined();
    await pass(60_000);
    expect(asked).toHaveLength(2);
  });
});
