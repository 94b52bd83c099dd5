import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '$shared/api/client';
import { NOTHING, Tiles, type Wish } from './tiles';

const show = (cameraId: string | null, more: Partial<Wish> = {}): Wish => ({
  ...NOTHING, cameraId, visible: true, ...more,
});

function started() {
  const puts: { wallId: string; slot: number; wish: Wish; done: () => void; fail: (thrown: unknown) => void }[] = [];
  const said: string[] = [];
  const tiles = new Tiles(
    {
      put: (wallId, slot, wish) => new Promise<void>((done, fail) => puts.push({ wallId, slot, wish, done, fail })),
      asking: () => {},
      answered: (slot, wish) => said.push(`answered ${slot} ${wish.cameraId}`),
      refused: (slot, _, sentence) => said.push(`refused ${slot} ${sentence}`),
      wallUnknown: () => said.push('wall unknown'),
    },
    9,
  );
  return { tiles, puts, said };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

describe('tile requests', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('wait for the connection and then ask for what is wanted, and only that', () => {
    const { tiles, puts } = started();
    tiles.want(2, show('a'));
    expect(puts).toHaveLength(0);
    tiles.connected('w');
    expect(puts.map(({ wallId, slot, wish }) => [wallId, slot, wish.cameraId])).toEqual([['w', 2, 'a']]);
  });

  it('go one at a time for each slot, and the newest wish wins', async () => {
    const { tiles, puts } = started();
    tiles.connected('w');
    for (const camera of ['a', 'b', 'c']) tiles.want(0, show(camera));
    expect(puts).toHaveLength(1);
    puts[0]!.done();
    await settle();
    expect(puts.map(({ wish }) => wish.cameraId)).toEqual(['a', 'c']);
  });

  it('are made again after a passing failure, more and more slowly', async () => {
    const { tiles, puts } = started();
    tiles.connected('w');
    tiles.want(0, show('a'));
    puts[0]!.fail(new Problem('unreachable', 0, 'The hub could not be reached.'));
    await vi.advanceTimersByTimeAsync(300);
    expect(puts).toHaveLength(2);
  });

  it('tell a refusal, and still come back to it in case it passes', async () => {
    const { tiles, puts, said } = started();
    tiles.connected('w');
    tiles.want(0, show('a'));
    puts[0]!.fail(new Problem('not-shared', 409, 'This camera is not shared.'));
    await settle();
    expect(said).toEqual(['refused 0 This camera is not shared.']);
    await vi.advanceTimersByTimeAsync(300);
    puts[1]!.done();
    await settle();
    expect(said.at(-1)).toBe('answered 0 a');
  });

  it('ask everything anew on a new connection and forget the old one’s answers', async () => {
    const { tiles, puts, said } = started();
    tiles.connected('w1');
    tiles.want(0, show('a'));
    tiles.connected(null);
    tiles.connected('w2');
    puts[0]!.done();
    await settle();
    expect(said).toEqual([]);
    expect(puts.map(({ wallId }) => wallId)).toEqual(['w1', 'w2']);
  });

  it('notice that the hub has forgotten the wall', async () => {
    const { tiles, puts, said } = started();
    tiles.connected('w');
    tiles.want(0, show('a'));
    puts[0]!.fail(new Problem('unknown-wall', 404, 'This wall is not open.'));
    await settle();
    expect(said).toEqual(['wall unknown']);
  });

  it('find out about a forgotten wall even when it is empty', async () => {
    const { tiles, puts, said } = started();
    tiles.connected('w');
    tiles.check();
    expect(puts.map(({ slot, wish }) => [slot, wish.cameraId])).toEqual([[0, null]]);
    puts[0]!.fail(new Problem('unknown-wall', 404, 'This wall is not open.'));
    await settle();
    expect(said).toEqual(['wall unknown']);
  });

  it('say nothing about an empty slot', () => {
    const { tiles, puts } = started();
    tiles.connected('w');
    tiles.want(0, { ...NOTHING, size: 'large', visible: true });
    expect(puts).toHaveLength(0);
  });
});
