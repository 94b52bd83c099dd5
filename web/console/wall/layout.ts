// Where tiles stand on the wall: pure geometry from a layout's name and the room there is. Which camera is in
// a tile is placement's business. A tile is a 16:9 picture over a caption bar, so that no words hide a picture.

export const LAYOUTS = ['one', 'four', 'spot', 'nine'] as const;
export type Layout = (typeof LAYOUTS)[number];

export const TILES: Record<Layout, number> = { one: 1, four: 4, spot: 5, nine: 9 };

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Room {
  width: number;
  height: number;
}

const PICTURE = 9 / 16;
const GAP = 8;
const CAPTION = 34;
/** Under this width the wall is a scrolling column, because small tiles beside a large one cannot be read. */
const NARROW = 620;

/** Context tiles in a column are smaller; only a large tile this much larger makes up for it. */
const WORTH_BESIDE = 1.3;

const tileHeight = (width: number) => width * PICTURE + CAPTION;

/** Rectangles by position: position 0 is the large one of `spot`, the others follow in reading order. */
export function arrange(layout: Layout, room: Room): Rect[] {
  if (room.width <= 0) return [];
  if (room.width < NARROW) return scrolling(TILES[layout], layout === 'spot', room.width);
  if (layout === 'spot') return spot(TILES.spot - 1, room);
  const columns = Math.sqrt(TILES[layout]);
  return grid(columns, columns, room);
}

/** The height that the rectangles need, so that a narrow wall can scroll. */
export function extent(rects: readonly Rect[]): number {
  return rects.reduce((bottom, rect) => Math.max(bottom, rect.y + rect.height), 0);
}

function grid(columns: number, rows: number, room: Room): Rect[] {
  const byWidth = (room.width - (columns - 1) * GAP) / columns;
  const byHeight = ((room.height - (rows - 1) * GAP) / rows - CAPTION) / PICTURE;
  const width = Math.max(0, Math.min(byWidth, byHeight));
  const height = tileHeight(width);
  const left = (room.width - columns * width - (columns - 1) * GAP) / 2;
  const top = (room.height - rows * height - (rows - 1) * GAP) / 2;
  return Array.from({ length: columns * rows }, (_, n) => ({
    x: left + (n % columns) * (width + GAP),
    y: top + Math.floor(n / columns) * (height + GAP),
    width,
    height,
  }));
}

function spot(small: number, room: Room): Rect[] {
  const below = largeOverRow(small, room);
  const beside = largeBesideColumn(small, room);
  return (below[0]?.width ?? 0) * WORTH_BESIDE >= (beside[0]?.width ?? 0) ? below : beside;
}

function largeOverRow(small: number, room: Room): Rect[] {
  // large + gap + row must fit the height, where a small tile is (large - gaps) / small wide.
  const fixed = 2 * CAPTION + GAP - ((small - 1) * GAP * PICTURE) / small;
  const large = Math.max(0, Math.min(room.width, (room.height - fixed) / (PICTURE + PICTURE / small)));
  const width = (large - (small - 1) * GAP) / small;
  const left = (room.width - large) / 2;
  const top = tileHeight(large) + GAP;
  const row = Array.from({ length: small }, (_, n) => ({
    x: left + n * (width + GAP),
    y: top,
    width,
    height: tileHeight(width),
  }));
  return [{ x: left, y: 0, width: large, height: tileHeight(large) }, ...row];
}

function largeBesideColumn(small: number, room: Room): Rect[] {
  // A small tile is narrower than large / small by what its own caption and the gaps take from the column.
  const lost = ((small - 1) * (GAP + CAPTION)) / (small * PICTURE);
  const byWidth = (room.width - GAP + lost) / (1 + 1 / small);
  const byHeight = (room.height - CAPTION) / PICTURE;
  const large = Math.max(0, Math.min(byWidth, byHeight));
  const width = Math.max(0, large / small - lost);
  const left = (room.width - large - GAP - width) / 2;
  const column = Array.from({ length: small }, (_, n) => ({
    x: left + large + GAP,
    y: n * (tileHeight(width) + GAP),
    width,
    height: tileHeight(width),
  }));
  return [{ x: left, y: 0, width: large, height: tileHeight(large) }, ...column];
}

function scrolling(tiles: number, largeFirst: boolean, width: number): Rect[] {
  const full = tiles <= 4 && !largeFirst;
  const half = (width - GAP) / 2;
  const rects: Rect[] = [];
  for (let n = 0; n < tiles; n += 1) {
    if (full || (largeFirst && n === 0)) {
      rects.push({ x: 0, y: n * (tileHeight(width) + GAP), width, height: tileHeight(width) });
      continue;
    }
    const cell = largeFirst ? n - 1 : n;
    const top = largeFirst ? tileHeight(width) + GAP : 0;
    const y = top + Math.floor(cell / 2) * (tileHeight(half) + GAP);
    rects.push({ x: (cell % 2) * (half + GAP), y, width: half, height: tileHeight(half) });
  }
  return rects;
}

export type Direction = 'left' | 'right' | 'up' | 'down';

/** The position that an arrow key reaches: the nearest tile in that direction, or the same one at the edge. */
export function neighbour(rects: readonly Rect[], from: number, direction: Direction): number {
  const start = rects[from];
  if (!start) return 0;
  let best = from;
  let bestCost = Infinity;
  rects.forEach((rect, position) => {
    const cost = distance(start, rect, direction);
    if (position !== from && cost < bestCost) {
      best = position;
      bestCost = cost;
    }
  });
  return best;
}

function distance(from: Rect, to: Rect, direction: Direction): number {
  const horizontal = direction === 'left' || direction === 'right';
  const sign = direction === 'right' || direction === 'down' ? 1 : -1;
  const along = sign * (horizontal ? centreX(to) - centreX(from) : centreY(to) - centreY(from));
  const across = Math.abs(horizontal ? centreY(to) - centreY(from) : centreX(to) - centreX(from));
  const apart = horizontal ? overlaps(from.x, from.width, to.x, to.width) : overlaps(from.y, from.height, to.y, to.height);
  if (along <= 1 || apart) return Infinity;
  return along + 3 * across;
}

const centreX = (rect: Rect) => rect.x + rect.width / 2;
const centreY = (rect: Rect) => rect.y + rect.height / 2;
const overlaps = (a: number, aSize: number, b: number, bSize: number) => a + aSize > b + 1 && b + bSize > a + 1;
