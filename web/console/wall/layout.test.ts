import { describe, expect, it } from 'vitest';
import { arrange, extent, LAYOUTS, neighbour, TILES, type Room } from './layout';

const ROOMS: Room[] = [
  { width: 1264, height: 900 },
  { width: 940, height: 660 },
  { width: 1900, height: 700 },
  { width: 700, height: 1100 },
];

describe('the wall', () => {
  it('has as many tiles as its layout says and none leaves the room or covers another', () => {
    for (const room of ROOMS) {
      for (const layout of LAYOUTS) {
        const rects = arrange(layout, room);
        expect(rects).toHaveLength(TILES[layout]);
        for (const [n, a] of rects.entries()) {
          expect(a.x).toBeGreaterThanOrEqual(-0.5);
          expect(a.x + a.width).toBeLessThanOrEqual(room.width + 0.5);
          expect(a.y + a.height).toBeLessThanOrEqual(room.height + 0.5);
          for (const b of rects.slice(n + 1)) {
            const apart = a.x + a.width <= b.x + 0.5 || b.x + b.width <= a.x + 0.5;
            const stacked = a.y + a.height <= b.y + 0.5 || b.y + b.height <= a.y + 0.5;
            expect(apart || stacked).toBe(true);
          }
        }
      }
    }
  });

  it('puts the context tiles beside the large one where the room is wide', () => {
    const [large, small] = arrange('spot', { width: 1900, height: 700 });
    expect(small!.x).toBeGreaterThan(large!.x + large!.width);
  });

  it('scrolls on a phone instead of shrinking to nothing', () => {
    const rects = arrange('spot', { width: 370, height: 500 });
    expect(rects[0]!.width).toBe(370);
    expect(extent(rects)).toBeGreaterThan(400);
  });

  it('moves between tiles by arrows and stays at the edge', () => {
    const nine = arrange('nine', { width: 1264, height: 900 });
    expect(neighbour(nine, 0, 'right')).toBe(1);
    expect(neighbour(nine, 0, 'down')).toBe(3);
    expect(neighbour(nine, 4, 'up')).toBe(1);
    expect(neighbour(nine, 0, 'left')).toBe(0);
    const spot = arrange('spot', { width: 1264, height: 900 });
    expect(neighbour(spot, 0, 'down')).toBeGreaterThan(0);
    expect(neighbour(spot, 3, 'up')).toBe(0);
    expect(neighbour(spot, 2, 'right')).toBe(3);
  });
});
