import { afterEach, describe, expect, it, vi } from 'vitest';
import { backOffMs, call, Problem, retried } from './client';

function answers(...responses: (Response | Error)[]) {
  const fetched = vi.fn(async () => {
    const next = responses.shift();
    if (next instanceof Error || !next) throw next ?? new Error('no answer left');
    return next;
  });
  vi.stubGlobal('fetch', fetched);
  return fetched;
}

function json(status: number, body: unknown, type = 'application/json') {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': type } });
}

afterEach(() => vi.unstubAllGlobals());

describe('a call to the hub', () => {
  it('returns what the hub said', async () => {
    answers(json(200, { name: 'Rosa' }));
    expect(await call('GET', '/api/session')).toEqual({ name: 'Rosa' });
  });

  it('turns a problem document into its public sentence', async () => {
    const document = { type: 'urn:assent:problem:link-used', status: 410, detail: 'This link was used.', requestId: 'r1' };
    answers(json(410, document, 'application/problem+json'));
    const problem = await call('POST', '/api/session/link').catch((thrown: unknown) => thrown);
    expect(problem).toMatchObject({ slug: 'link-used', status: 410, sentence: 'This link was used.', requestId: 'r1' });
    expect((problem as Problem).passing).toBe(false);
  });

  it('calls a dead network a passing problem', async () => {
    answers(new TypeError('network'));
    const problem = (await call('GET', '/api/session').catch((thrown: unknown) => thrown)) as Problem;
    expect(problem.status).toBe(0);
    expect(problem.passing).toBe(true);
  });
});

describe('a repeated call', () => {
  it('is made again while the failure passes, and not after', async () => {
    vi.useFakeTimers();
    const fetched = answers(new TypeError('network'), json(503, {}), json(200, { ok: true }));
    const answer = retried(5, () => call('PUT', '/api/presses/1', { body: {} }));
    await vi.runAllTimersAsync();
    expect(await answer).toEqual({ ok: true });
    expect(fetched).toHaveBeenCalledTimes(3);
    vi.useRealTimers();
  });

  it('is not made again when the hub said no', async () => {
    const fetched = answers(json(403, {}));
    await expect(retried(5, () => call('PUT', '/api/presses/1'))).rejects.toBeInstanceOf(Problem);
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  it('waits longer each time, up to a bound', () => {
    const waits = [0, 1, 2, 3, 20].map((attempt) => backOffMs(attempt, 100, 1_000, () => 1));
    expect(waits).toEqual([100, 200, 400, 800, 1_000]);
    expect(backOffMs(0, 100, 1_000, () => 0)).toBe(50);
  });
});
