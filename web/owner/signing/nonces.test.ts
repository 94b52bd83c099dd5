import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Problem } from '$shared/api/client';
import { Nonces } from './nonces';

const START = Date.parse('2026-11-20T12:00:00Z');
let asked: string[];
let given: number;
let away: boolean;
let answers: (() => void)[];
let nonces: Nonces;

beforeEach(() => {
  vi.useFakeTimers({ now: START });
  [asked, given, away, answers] = [[], 0, false, []];
  nonces = new Nonces(async (device) => {
    asked.push(device);
    await new Promise<void>((done) => answers.push(done));
    if (away) throw new Problem('device-away', 503, 'Your device is away at the moment.');
    return { nonce: Uint8Array.from([++given]), livesMs: 60_000 };
  });
});
afterEach(() => vi.useRealTimers());

async function answer() {
  await vi.advanceTimersByTimeAsync(0);
  answers.shift()?.();
  await vi.advanceTimersByTimeAsync(0);
}

it('gives what is ready at once, and each only once', async () => {
  const end = nonces.keepReady(() => ['box']);
  await answer();
  expect(await nonces.take('box')).toEqual(Uint8Array.from([1]));
  expect(asked).toHaveLength(1);
  const second = nonces.take('box');
  await answer();
  expect(await second).toEqual(Uint8Array.from([2]));
  end();
});

it('asks nothing new while the press that took the last one is on its way', async () => {
  const end = nonces.keepReady(() => ['box']);
  await answer();
  await nonces.take('box');
  await vi.advanceTimersByTimeAsync(7_000);
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(8_000);
  expect(asked).toHaveLength(2);
  end();
});

it('renews one that grows old, and never gives an old one', async () => {
  const end = nonces.keepReady(() => ['box']);
  await answer();
  await vi.advanceTimersByTimeAsync(55_000);
  expect(asked).toHaveLength(2);
  const waiting = nonces.take('box');
  await answer();
  expect(await waiting).toEqual(Uint8Array.from([2]));
  expect(asked).toHaveLength(2);
  end();
});

it('never gives the one before while another is being asked for: the device has made it stale', async () => {
  const end = nonces.keepReady(() => ['box']);
  await answer();
  await vi.advanceTimersByTimeAsync(50_000);
  expect(asked).toHaveLength(2);
  const two = Promise.all([nonces.take('box'), nonces.take('box')]);
  await answer();
  await answer();
  expect(await two).toEqual([Uint8Array.from([2]), Uint8Array.from([3])]);
  end();
});

it('says why there is none, and tries again at the next look', async () => {
  away = true;
  const waiting = nonces.take('box');
  const failed = expect(waiting).rejects.toMatchObject({ slug: 'device-away', passing: true });
  await answer();
  await failed;
  away = false;
  const end = nonces.keepReady(() => ['box']);
  await answer();
  expect(await nonces.take('box')).toEqual(Uint8Array.from([1]));
  end();
});

it('asks for none once it is ended', async () => {
  nonces.keepReady(() => ['box'])();
  await answer();
  await vi.advanceTimersByTimeAsync(300_000);
  expect(asked).toHaveLength(1);
});
