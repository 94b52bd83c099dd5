import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '$shared/api/client';
import type { Press, PressBody, Revoke } from '$shared/api/shapes';
import { openKeeping, type Keeping } from './database';
import { inSendingOrder, OPENS_WITHIN_MS, stillOpens, type Kept, type KeptPress, type KeptRevoke, type Seal } from './kept';
import { Outbox, type Item } from './outbox';

const START = Date.parse('2026-11-20T12:00:00Z');
const unreachable = () => new Problem('unreachable', 0, 'The hub could not be reached.');

function press(id: string, madeAt = START): KeptPress {
  return { kind: 'press', id, personId: 'rosa', premisesId: 'shop', level: 'panic', silent: false, drill: false, madeAt };
}

function stop(id: string, pressId: string, madeAt = START): KeptRevoke {
  return { kind: 'revoke', id, personId: 'rosa', scope: { pressId }, reason: 'cancelled', madeAt };
}

/** Keeps in memory; the real one is tried on its own below. */
function memory(): Keeping & { kept: Map<string, Kept> } {
  const kept = new Map<string, Kept>();
  return {
    kept,
    change: async (keep, forget) => {
      for (const item of keep) kept.set(item.id, item);
      for (const id of forget) kept.delete(id);
    },
    all: async () => [...kept.values()],
    remember: async () => undefined,
    recall: async () => undefined,
    erase: async () => kept.clear(),
  };
}

/** A hub that obeys the idempotency rule and can be made deaf. */
function hub() {
  const arrived = new Map<string, PressBody>();
  const state = { deaf: false, answerLost: false, confirms: true, calls: 0 };
  return {
    arrived,
    state,
    press: vi.fn(async (id: string, body: PressBody): Promise<Press> => {
      state.calls += 1;
      if (state.deaf) throw unreachable();
      if (!arrived.has(id)) arrived.set(id, body);
      if (state.answerLost) throw unreachable();
      return { id, state: body.ageMs > OPENS_WITHIN_MS ? 'message' : 'opened' } as Press;
    }),
    revoke: vi.fn(async (id: string): Promise<Revoke> => {
      if (state.deaf) throw unreachable();
      return { id, state: state.confirms ? 'confirmed' : 'received', stopped: [], confirmedAt: null, refusal: null };
    }),
  };
}

let items: readonly Item[] = [];
let clock = START;

function outboxOn(keeping: Keeping, post: ReturnType<typeof hub>) {
  return new Outbox(keeping, post, (all) => (items = all), () => clock);
}

async function pass(ms: number) {
  for (let left = ms; left > 0; left -= 100) {
    clock += 100;
    await vi.advanceTimersByTimeAsync(100);
  }
}

beforeEach(() => {
  clock = START;
  items = [];
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => vi.useRealTimers());

describe('a press at a device that wants a signature', () => {
  const BOX = 'aa'.repeat(32);
  const answered = (id: string, signFor: string[]) => ({ id, premisesId: 'shop', state: 'received', signFor }) as unknown as Press;

  it('is heard at once, and signed as soon as there is something fresh to sign', async () => {
    const post = hub();
    post.press.mockImplementation(async (id, body) => answered(id, 'envelopes' in body ? [] : [BOX]));
    const asked: (readonly string[] | undefined)[] = [];
    let away = true;
    const seal: Seal = async (_, __, again) => {
      asked.push(again);
      if (away) throw new Problem('device-away', 503, 'Your device is away.');
      return ['abc'];
    };
    const outbox = new Outbox(memory(), post, (now) => (items = now), () => clock, seal);
    await outbox.add([press('p1', clock)]);
    await pass(5_000);
    expect(items[0]).toMatchObject({ state: 'received', answer: { signFor: [BOX] } });
    expect(asked.slice(0, 2)).toEqual([undefined, [BOX]]);
    away = false;
    await pass(2_500);
    expect(items[0]).toMatchObject({ state: 'delivered' });
    expect(post.press).toHaveBeenLastCalledWith('p1', expect.objectContaining({ envelopes: ['abc'] }));
  });

  it('is signed no more once it is older than two minutes', async () => {
    const post = hub();
    post.press.mockImplementation(async (id) => answered(id, [BOX]));
    const outbox = new Outbox(memory(), post, (now) => (items = now), () => clock, async () => []);
    await outbox.add([press('p1', clock)]);
    await pass(130_000);
    expect(items[0]).toMatchObject({ state: 'delivered' });
    const calls = post.press.mock.calls.length;
    await pass(30_000);
    expect(post.press.mock.calls.length).toBe(calls);
  });

  it('is signed once more when the device says that the first words came too late', async () => {
    const post = hub();
    post.press.mockImplementation(async (id) => answered(id, []));
    let signatures = 0;
    const outbox = new Outbox(memory(), post, (now) => (items = now), () => clock, async () => [`words ${++signatures}`]);
    await outbox.add([press('p1', clock)]);
    await pass(100);
    outbox.signAgain(answered('p1', []));
    outbox.signAgain(answered('elsewhere', [BOX]));
    await pass(100);
    expect(post.press).toHaveBeenCalledTimes(1);
    outbox.signAgain(answered('p1', [BOX]));
    await pass(100);
    expect(post.press).toHaveBeenLastCalledWith('p1', expect.objectContaining({ envelopes: ['words 2'] }));
    expect(items[0]?.state).toBe('delivered');
  });
});

describe('a press', () => {
  it('carries the line for the operators, and none when none was kept', async () => {
    const to = hub();
    const outbox = outboxOn(memory(), to);
    await outbox.add([{ ...press('p1'), note: 'two men, back door' }, press('p2')]);
    await pass(100);
    expect(to.arrived.get('p1')?.note).toBe('two men, back door');
    expect(to.arrived.get('p2')?.note).toBeNull();
  });

  it('is kept before it is sent, and forgotten when the hub has it', async () => {
    const keeping = memory();
    const post = hub();
    const whenSent: boolean[] = [];
    post.press.mockImplementationOnce(async (id) => {
      whenSent.push(keeping.kept.has(id));
      return { id, state: 'opened' } as Press;
    });
    await outboxOn(keeping, post).add([press('p1')]);
    await pass(100);
    expect(whenSent).toEqual([true]);
    expect(items[0]).toMatchObject({ state: 'delivered', onDisk: true });
    expect(keeping.kept.size).toBe(0);
  });

  it('arrives exactly once through a dead network', async () => {
    const post = hub();
    post.state.deaf = true;
    const outbox = outboxOn(memory(), post);
    await outbox.add([press('p1')]);
    await pass(20_000);
    expect(items[0]).toMatchObject({ state: 'waiting', problem: 'The hub could not be reached.' });
    post.state.deaf = false;
    outbox.wake();
    await pass(100);
    expect(items[0]?.state).toBe('delivered');
    expect(post.arrived.size).toBe(1);
  });

  it('is sent again under the same id when only the answer was lost', async () => {
    const post = hub();
    post.state.answerLost = true;
    await outboxOn(memory(), post).add([press('p1')]);
    await pass(3_000);
    post.state.answerLost = false;
    await pass(6_000);
    expect(items[0]?.state).toBe('delivered');
    expect([...post.arrived.keys()]).toEqual(['p1']);
  });

  it('survives a reload', async () => {
    const keeping = memory();
    const deaf = hub();
    deaf.state.deaf = true;
    const before = outboxOn(keeping, deaf);
    await before.add([press('p1')]);
    before.pause();
    const post = hub();
    await outboxOn(keeping, post).resume('rosa');
    await pass(100);
    expect([...post.arrived.keys()]).toEqual(['p1']);
    expect(keeping.kept.size).toBe(0);
  });

  it('says its true age each time it is sent, and becomes a message', async () => {
    const post = hub();
    post.state.deaf = true;
    await outboxOn(memory(), post).add([press('p1')]);
    await pass(121_000);
    expect(stillOpens(press('p1'), clock)).toBe(false);
    post.state.deaf = false;
    await pass(6_000);
    expect(post.arrived.get('p1')?.ageMs).toBeGreaterThan(OPENS_WITHIN_MS);
    expect(items[0]?.answer?.state).toBe('message');
  });

  it('is sent even when the phone cannot store it, and says that it is not kept', async () => {
    const keeping = { ...memory(), change: () => new Promise<void>(() => undefined) };
    const post = hub();
    const adding = outboxOn(keeping, post).add([press('p1')]);
    await pass(600);
    await adding;
    expect(post.arrived.size).toBe(1);
    expect(items[0]?.onDisk).toBe(false);
  });

  it('of another person is left alone', async () => {
    const keeping = memory();
    await keeping.change([{ ...press('p1'), personId: 'sam' }], []);
    const post = hub();
    await outboxOn(keeping, post).resume('rosa');
    await pass(100);
    expect(post.arrived.size).toBe(0);
    expect(keeping.kept.size).toBe(1);
  });

  it('waits for a new sign-in when the session ended', async () => {
    const keeping = memory();
    const post = hub();
    post.press.mockRejectedValueOnce(new Problem('signed-out', 401, 'Please sign in.'));
    const outbox = outboxOn(keeping, post);
    await outbox.add([press('p1')]);
    await pass(10_000);
    expect(items[0]?.state).toBe('signedOut');
    expect(keeping.kept.size).toBe(1);
    outbox.wake();
    await pass(100);
    expect(items[0]?.state).toBe('delivered');
  });

  it('that the hub refuses is not sent again', async () => {
    const post = hub();
    post.press.mockRejectedValue(new Problem('unknown-premises', 404, 'No such premises.'));
    await outboxOn(memory(), post).add([press('p1')]);
    await pass(20_000);
    expect(post.press).toHaveBeenCalledTimes(1);
    expect(items[0]).toMatchObject({ state: 'refused', problem: 'No such premises.' });
  });
});

describe('a stop', () => {
  it('withdraws a press that has not left, in one step', async () => {
    const keeping = memory();
    const post = hub();
    post.state.deaf = true;
    const outbox = outboxOn(keeping, post);
    await outbox.add([press('p1')]);
    await outbox.add([stop('s1', 'p1')], ['p1']);
    expect([...keeping.kept.keys()]).toEqual(['s1']);
    post.state.deaf = false;
    await pass(10_000);
    expect(post.arrived.size).toBe(0);
    expect(items.map(({ kept, state }) => [kept.id, state])).toEqual([['s1', 'delivered']]);
  });

  it('is asked about until the device has confirmed it', async () => {
    const keeping = memory();
    const post = hub();
    post.state.confirms = false;
    await outboxOn(keeping, post).add([stop('s1', 'p1')]);
    await pass(2_000);
    expect(items[0]?.state).toBe('received');
    expect(keeping.kept.size).toBe(1);
    post.state.confirms = true;
    await pass(2_000);
    expect(items[0]).toMatchObject({ state: 'delivered', answer: { state: 'confirmed' } });
  });

  it('never ages and goes before presses', () => {
    const old = stop('s1', 'p0', START - 86_400_000);
    expect(inSendingOrder<Kept>([press('p1'), old]).map(({ id }) => id)).toEqual(['s1', 'p1']);
  });
});

describe('the phone’s memory', () => {
  it('keeps, forgets, remembers and erases', async () => {
    vi.useRealTimers();
    const keeping = openKeeping();
    await keeping.change([press('p1'), press('p2')], []);
    await keeping.change([stop('s1', 'p1')], ['p1']);
    expect((await keeping.all()).map(({ id }) => id).sort()).toEqual(['p2', 's1']);
    await keeping.remember('me', { id: 'rosa' });
    expect(await openKeeping().recall('me')).toEqual({ id: 'rosa' });
    await keeping.erase();
    expect(await keeping.all()).toEqual([]);
    expect(await keeping.recall('me')).toBeUndefined();
  });
});
