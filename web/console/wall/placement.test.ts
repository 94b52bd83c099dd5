import { describe, expect, it } from 'vitest';
import {
  back, choose, emptyWall, ENDED_STAYS_MS, enlarge, find, follow, lay, pin, put, shownSlots, slotAt, SLOTS, takeOff,
  type Wall,
} from './placement';
import type { Wanted } from './wanted';

const incident = (incidentId: string, ...cameras: string[]): Wanted[] =>
  cameras.map((cameraId) => ({ cameraId, incidentId, opens: true }));
const agency = (...cameras: string[]): Wanted[] =>
  cameras.map((cameraId) => ({ cameraId, incidentId: null, opens: true }));
const onScreen = (wall: Wall) => shownSlots(wall).map((slot) => wall.slots[slot]?.cameraId ?? null);

const square = agency('square-1', 'square-2');

describe('shared cameras', () => {
  it('open by themselves, those of the newest incident first', () => {
    const wall = follow(emptyWall(), [...incident('new', 'a', 'b'), ...incident('old', 'c'), ...square], 0);
    expect(onScreen(wall)).toEqual(['a', 'b', 'c', 'square-1', 'square-2']);
  });

  it('of a new incident take the large tile from the agency’s own, which stays beside it', () => {
    const before = follow(emptyWall(), square, 0);
    expect(onScreen(before)).toEqual(['square-1', 'square-2', null, null, null]);
    const after = follow(before, [...incident('new', 'a'), ...square], 1);
    expect(onScreen(after)).toEqual(['a', 'square-2', 'square-1', null, null]);
  });

  it('come onto the screen even when it is full', () => {
    const full = follow(emptyWall(), agency('1', '2', '3', '4', '5'), 0);
    const after = follow(full, [...incident('new', 'a', 'b'), ...agency('1', '2', '3', '4', '5')], 1);
    expect(onScreen(after)).toContain('a');
    expect(onScreen(after)).toContain('b');
    expect(find(after, '1')).not.toBeNull();
  });

  it('never take the place that an operator chose or pinned', () => {
    let wall = lay(put(follow(emptyWall(), square, 0), 'mine'), 'one');
    expect(onScreen(wall)).toHaveLength(1);
    wall = pin(choose(lay(follow(emptyWall(), square, 0), 'one'), 0));
    const after = follow(wall, [...incident('new', 'a'), ...square], 1);
    expect(onScreen(after)).toEqual(['square-1']);
    const large = enlarge(choose(follow(emptyWall(), square, 0), 1));
    expect(onScreen(follow(large, [...incident('new', 'a'), ...square], 1))[0]).toBe('square-2');
  });

  it('of a private owner’s standing share wait to be chosen', () => {
    const wall = follow(emptyWall(), [{ cameraId: 'home', incidentId: null, opens: false }], 0);
    expect(onScreen(wall)).toEqual([null, null, null, null, null]);
    expect(onScreen(put(wall, 'home'))[0]).toBe('home');
  });

  it('never fill more than there is, and the least urgent gives way', () => {
    const many = agency(...Array.from({ length: 12 }, (_, n) => `s${n}`));
    const full = follow(emptyWall('nine'), many, 0);
    expect(full.slots.filter((slot) => slot.cameraId)).toHaveLength(SLOTS);
    const after = follow(full, [...incident('new', 'a'), ...many], 1);
    expect(find(after, 'a')).not.toBeNull();
    expect(find(after, 's8')).toBeNull();
  });
});

describe('an ended share', () => {
  it('leaves its words for a minute, then an empty tile', () => {
    const live = follow(emptyWall(), incident('i', 'a'), 0);
    const ended = follow(live, [], 1_000);
    expect(onScreen(ended)[0]).toBe('a');
    expect(ended.slots[0]?.endedAt).toBe(1_000);
    expect(onScreen(follow(ended, [], 1_000 + ENDED_STAYS_MS))[0]).toBeNull();
  });

  it('gives the large tile back to the agency’s own once its words are gone', () => {
    const live = follow(emptyWall(), [...incident('i', 'a'), ...square], 0);
    const over = follow(follow(live, square, 1_000), square, 1_000 + ENDED_STAYS_MS);
    expect(onScreen(over)[0]).toBe('square-1');
  });

  it('gives its place at once to a camera that needs it', () => {
    const ended = follow(follow(emptyWall('one'), incident('i', 'a'), 0), [], 1);
    expect(onScreen(follow(ended, incident('j', 'b'), 2))).toEqual(['b']);
  });

  it('comes back where it was when it is shared again', () => {
    const ended = follow(follow(emptyWall(), incident('i', 'a'), 0), [], 1);
    expect(follow(ended, incident('j', 'a'), 2).slots[0]).toMatchObject({ cameraId: 'a', endedAt: null });
  });
});

describe('the operator', () => {
  it('takes a camera off and it stays off while that share lasts', () => {
    const wanted = incident('i', 'a', 'b');
    const off = takeOff(follow(emptyWall(), wanted, 0));
    expect(find(follow(off, wanted, 1), 'a')).toBeNull();
    expect(find(follow(follow(off, incident('i', 'b'), 2), wanted, 3), 'a')).not.toBeNull();
  });

  it('enlarges a small tile into the large place, then onto the whole wall, and goes back', () => {
    let wall = choose(follow(emptyWall(), incident('i', 'a', 'b'), 0), 1);
    wall = enlarge(wall);
    expect(onScreen(wall).slice(0, 2)).toEqual(['b', 'a']);
    wall = enlarge(wall);
    expect(onScreen(wall)).toEqual(['b']);
    expect(onScreen(back(wall))).toHaveLength(5);
  });

  it('putting a camera that is on the wall chooses it and brings it onto the screen', () => {
    const wall = lay(follow(emptyWall('nine'), incident('i', 'a', 'b', 'c'), 0), 'one');
    const chosen = put(wall, 'c');
    expect(onScreen(chosen)).toEqual(['c']);
    expect(chosen.slots.filter((slot) => slot.cameraId === 'c')).toHaveLength(1);
  });

  it('keeps nine slots in nine positions whatever happens', () => {
    let wall = emptyWall();
    let seed = 7;
    const roll = (n: number) => (seed = (seed * 48_271) % 2_147_483_647) % n;
    for (let step = 0; step < 2_000; step += 1) {
      const wanted = [...incident(`i${roll(3)}`, `c${roll(14)}`, `c${roll(14)}`), ...agency(`c${roll(14)}`)];
      const unique = wanted.filter((w, n) => wanted.findIndex((o) => o.cameraId === w.cameraId) === n);
      const moves = [
        () => follow(wall, unique, step * 5_000), () => put(wall, `c${roll(14)}`), () => enlarge(wall), () => pin(wall),
        () => takeOff(wall), () => lay(wall, (['one', 'four', 'spot', 'nine'] as const)[roll(4)]!), () => back(wall),
        () => choose(wall, roll(9)),
      ];
      wall = moves[roll(moves.length)]!();
      expect([...wall.order].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
      const filled = wall.slots.flatMap((slot) => slot.cameraId ?? []);
      expect(new Set(filled).size).toBe(filled.length);
      expect(slotAt(wall, wall.selected)).toBeLessThan(SLOTS);
    }
  });
});
