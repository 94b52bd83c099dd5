import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '$shared/api/client';
import type { Press, Revoke } from '$shared/api/shapes';
import type { KeptPress, KeptRevoke } from './kept';
import { deliver } from './post';

const START = Date.parse('2026-11-20T12:00:00Z');
const press: KeptPress = { kind: 'press', id: 'p1', personId: 'rosa', premisesId: 'shop', level: 'panic', silent: false, drill: false, madeAt: START };
const stop: KeptRevoke = { kind: 'revoke', id: 'r1', personId: 'rosa', scope: { premisesId: 'shop' }, reason: 'owner', madeAt: START };
const hub = () => ({
  press: vi.fn(async (): Promise<Press> => ({ state: 'received' }) as Press),
  revoke: vi.fn(async (): Promise<Revoke> => ({ state: 'received' }) as Revoke),
});
const now = () => START + 1_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a press', () => {
  it('carries its signed words, and none where no device wants any', async () => {
    const post = hub();
    await deliver(press, now, post, async () => ['abc']);
    await deliver(press, now, post, async () => []);
    expect(post.press.mock.calls).toEqual([['p1', expect.objectContaining({ ageMs: 1_000, envelopes: ['abc'] })], ['p1', expect.not.objectContaining({ envelopes: expect.anything() as unknown })]]);
  });

  it('goes out unsigned where it cannot be signed in time, so that operators hear of it', async () => {
    const post = hub();
    for (const why of [new Problem('device-away', 503, 'x'), new Problem('unknown-key', 422, 'x'), new TypeError('x')]) await deliver(press, now, post, () => Promise.reject(why));
    const hanging = deliver(press, now, post, () => new Promise(() => undefined));
    await vi.advanceTimersByTimeAsync(1_500);
    await hanging;
    expect(post.press).toHaveBeenCalledTimes(4);
    for (const [, body] of post.press.mock.calls as unknown[][]) expect(body).not.toHaveProperty('envelopes');
  });

  it('whose signed words the hub does not take is said plainly, so that operators hear of it', async () => {
    const post = hub();
    post.press.mockRejectedValueOnce(new Problem('envelope-unreadable', 422, 'x'));
    await deliver(press, now, post, async () => ['abc']);
    expect(post.press.mock.calls.map(([, body]: unknown[]) => 'envelopes' in (body as object))).toEqual([true, false]);
  });
});

describe('a stop', () => {
  it('goes out without its signature rather than late', async () => {
    const post = hub();
    await deliver(stop, now, post, () => Promise.reject(new Problem('device-away', 503, 'x')));
    const hanging = deliver(stop, now, post, () => new Promise(() => undefined));
    await vi.advanceTimersByTimeAsync(1_500);
    await hanging;
    expect(post.revoke.mock.calls).toEqual([['r1', { scope: { premisesId: 'shop' }, reason: 'owner' }], ['r1', { scope: { premisesId: 'shop' }, reason: 'owner' }]]);
  });

  it('whose signed words the hub does not take is said plainly, so that the hub closes what it carries', async () => {
    const post = hub();
    post.revoke.mockRejectedValueOnce(new Problem('envelope-mismatch', 422, 'x'));
    await deliver(stop, now, post, async () => ['abc']);
    expect(post.revoke.mock.calls.map(([, body]: unknown[]) => 'envelopes' in (body as object))).toEqual([true, false]);
  });

  it('is not said twice where nobody is signed in, or the hub is away', async () => {
    for (const status of [401, 503]) {
      const post = hub();
      post.revoke.mockRejectedValue(new Problem('x', status, 'x'));
      await expect(deliver(stop, now, post, async () => ['abc'])).rejects.toMatchObject({ status });
      expect(post.revoke).toHaveBeenCalledTimes(1);
    }
  });
});
