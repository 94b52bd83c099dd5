import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Alarm } from '../alarms/rank';
import { Acknowledging } from './acknowledging.svelte';

const alarm = (id: string, waiting = true) => ({ alert: { id }, waiting }) as Alarm;

function answering(status: number) {
  const calls: string[] = [];
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    calls.push(`${init.method} ${path}`);
    return Promise.resolve(new Response('{}', { status, headers: { 'content-type': 'application/json' } }));
  });
  return calls;
}

describe('acknowledging by one key', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('takes the alarm that the operator has had time to read', () => {
    const calls = answering(200);
    const acknowledging = new Acknowledging();
    acknowledging.inFront('a', 0);
    expect(acknowledging.byKey(alarm('a'), 1_000)).toBe(true);
    expect(calls).toEqual(['PUT /api/alerts/a/acknowledgement']);
  });

  it('does not take an alarm that jumped to the front under the finger', () => {
    const calls = answering(200);
    const acknowledging = new Acknowledging();
    acknowledging.inFront('a', 0);
    acknowledging.inFront('b', 1_000);
    expect(acknowledging.byKey(alarm('b'), 1_100)).toBe(false);
    expect(calls).toEqual([]);
    expect(acknowledging.byKey(alarm('b'), 1_500)).toBe(true);
    expect(calls).toEqual(['PUT /api/alerts/b/acknowledgement']);
  });

  it('asks once for each alarm, however often it is pressed, and not for what is taken', async () => {
    const calls = answering(200);
    const acknowledging = new Acknowledging();
    acknowledging.inFront('a', 0);
    acknowledging.byKey(alarm('a'), 1_000);
    acknowledging.byKey(alarm('a'), 1_010);
    acknowledging.byKey(alarm('a', false), 1_020);
    expect(calls).toHaveLength(1);
    await vi.waitFor(() => expect(acknowledging.pending.size).toBe(0));
  });
});
