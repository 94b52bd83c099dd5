// What is in the nine slots of the wall and where each slot stands. Pure: every function takes a wall and gives
// the next one. A slot is a track of the media connection and never moves; a position is a place on the screen.
//
//   empty -- shared camera opens by itself, or the operator puts one --> filled
//   filled -- its share ends --> ended (words, no picture) -- a minute, or somebody needs the place --> empty
import type { Id } from '$shared/api/shapes';
import { TILES, type Layout } from './layout';
import type { Wanted } from './wanted';

export const SLOTS = 9;

/** Long enough to read why it ended, short enough not to look like a fault for the rest of the shift. */
export const ENDED_STAYS_MS = 60_000;

export interface Slot {
  cameraId: Id | null;
  /** The incident that brought it here; null for the agency's own and for the operator's choices. */
  incidentId: Id | null;
  /** The operator's own choice: never given to another camera while it is shared. */
  chosen: boolean;
  pinned: boolean;
  endedAt: number | null;
}

export interface Wall {
  slots: readonly Slot[];
  /** order[position] = slot */
  order: readonly number[];
  layout: Layout;
  selected: number;
  /** A slot that fills the wall alone. */
  alone: number | null;
  /** Cameras that the operator took off; they stay off until their share ends. */
  dismissed: ReadonlySet<Id>;
}

const EMPTY: Slot = { cameraId: null, incidentId: null, chosen: false, pinned: false, endedAt: null };

export function emptyWall(layout: Layout = 'spot'): Wall {
  return {
    slots: Array.from({ length: SLOTS }, () => EMPTY),
    order: Array.from({ length: SLOTS }, (_, slot) => slot),
    layout,
    selected: 0,
    alone: null,
    dismissed: new Set(),
  };
}

export const slotAt = (wall: Wall, position: number): number => wall.order[position] ?? 0;
export const selectedSlot = (wall: Wall): number => wall.alone ?? slotAt(wall, wall.selected);

/** Slots that the layout shows, by position. */
export function shownSlots(wall: Wall): number[] {
  return wall.alone === null ? wall.order.slice(0, TILES[wall.layout]) : [wall.alone];
}

// ---- what happens by itself ----

/** Follows the shares: marks what ended, empties what ended long ago, opens what is new, brings it forward. */
export function follow(wall: Wall, wanted: readonly Wanted[], now: number): Wall {
  const marked = markEnded(wall, wanted, now);
  const opened = wanted.filter((camera) => camera.opens).reduce((so, camera) => open(so, camera, wanted), marked);
  const followed = bringForward(opened, wanted);
  return same(wall, followed) ? wall : followed;
}

function markEnded(wall: Wall, wanted: readonly Wanted[], now: number): Wall {
  const byId = new Map(wanted.map((camera) => [camera.cameraId, camera]));
  const slots = wall.slots.map((slot) => {
    if (!slot.cameraId) return slot;
    const shared = byId.get(slot.cameraId);
    if (shared) return { ...slot, endedAt: null, incidentId: slot.chosen ? null : shared.incidentId };
    const endedAt = slot.endedAt ?? now;
    return !slot.pinned && now - endedAt >= ENDED_STAYS_MS ? EMPTY : { ...slot, endedAt };
  });
  const dismissed = new Set([...wall.dismissed].filter((cameraId) => byId.has(cameraId)));
  return { ...wall, slots, dismissed };
}

function open(wall: Wall, camera: Wanted, wanted: readonly Wanted[]): Wall {
  if (wall.dismissed.has(camera.cameraId) || find(wall, camera.cameraId) !== null) return wall;
  const slot = roomFor(wall, camera, wanted);
  if (slot === null) return wall;
  return fill(wall, slot, { ...EMPTY, cameraId: camera.cameraId, incidentId: camera.incidentId });
}

/** The slot that can be given away most easily, positions on screen first; null when all are worth more. */
function roomFor(wall: Wall, camera: Wanted, wanted: readonly Wanted[]): number | null {
  const rank = rankIn(wanted);
  const limit = rank(camera.cameraId);
  const givable = wall.order.filter((slot) => worth(wall.slots[slot] ?? EMPTY, rank) > limit);
  const empty = givable.find((slot) => !wall.slots[slot]?.cameraId);
  if (empty !== undefined) return empty;
  return givable.reduce<number | null>((worst, slot) => {
    const cost = (of: number) => worth(wall.slots[of] ?? EMPTY, rank);
    return worst === null || cost(slot) > cost(worst) ? slot : worst;
  }, null);
}

/** Lower is worth more: -1 may never be taken, a shared camera counts by its place in the order, empty last. */
function worth(slot: Slot, rank: (cameraId: Id) => number): number {
  if (!slot.cameraId) return Infinity;
  if (slot.pinned) return -1;
  if (slot.endedAt !== null) return Number.MAX_SAFE_INTEGER;
  return slot.chosen ? -1 : rank(slot.cameraId);
}

function rankIn(wanted: readonly Wanted[]): (cameraId: Id) => number {
  const ranks = new Map(wanted.map((camera, rank) => [camera.cameraId, rank]));
  return (cameraId) => ranks.get(cameraId) ?? wanted.length;
}

/**
 * Incident cameras that stand off the screen, or beside a large tile of less weight, change places with it; any
 * shared camera does with a large tile that is empty.
 */
function bringForward(wall: Wall, wanted: readonly Wanted[]): Wall {
  const rank = rankIn(wanted);
  return wanted.reduce((so, camera) => {
    const slot = find(so, camera.cameraId);
    if (slot === null || so.slots[slot]?.chosen) return so;
    const position = so.order.indexOf(slot);
    const target = betterPosition(so, camera, position, rank);
    return target === null ? so : swap(so, position, target);
  }, wall);
}

function betterPosition(wall: Wall, camera: Wanted, from: number, rank: (id: Id) => number): number | null {
  const shown = TILES[wall.layout];
  const spotted = wall.layout === 'spot' || wall.layout === 'one';
  const takes = (position: number) => {
    const held = wall.slots[slotAt(wall, position)] ?? EMPTY;
    const other = held.incidentId !== camera.incidentId || held.endedAt !== null;
    return other && worth(held, rank) > rank(camera.cameraId);
  };
  const empty = !wall.slots[slotAt(wall, 0)]?.cameraId;
  if (spotted && from > 0 && (camera.incidentId !== null ? takes(0) : empty)) return 0;
  if (from < shown || camera.incidentId === null) return null;
  const positions = Array.from({ length: shown }, (_, position) => position).filter(takes);
  const cost = (position: number) => worth(wall.slots[slotAt(wall, position)] ?? EMPTY, rank);
  return positions.reduce<number | null>((worst, p) => (worst === null || cost(p) > cost(worst) ? p : worst), null);
}

// ---- what the operator does ----

/** Puts a camera on the wall by hand; one that is there already is chosen, and brought onto the screen. */
export function put(wall: Wall, cameraId: Id): Wall {
  const there = find(wall, cameraId);
  const slot = there ?? handRoom(wall);
  const kept = there === null ? { ...EMPTY, cameraId } : { ...(wall.slots[there] ?? EMPTY) };
  const filled = fill(wall, slot, { ...kept, chosen: true });
  const dismissed = new Set([...wall.dismissed].filter((other) => other !== cameraId));
  return select({ ...filled, alone: null, dismissed }, slot);
}

function handRoom(wall: Wall): number {
  const shown = wall.order.slice(0, TILES[wall.layout]);
  const chosen = slotAt(wall, wall.selected);
  const cost = (slot: number) => {
    const held = wall.slots[slot] ?? EMPTY;
    if (!held.cameraId) return 0;
    if (held.endedAt !== null && !held.pinned) return 1;
    if (held.pinned) return slot === chosen ? 5 : 6;
    if (held.chosen) return slot === chosen ? 3 : 4;
    return held.incidentId === null ? 2 : 3.5;
  };
  return shown.reduce((best, slot) => (cost(slot) < cost(best) ? slot : best), shown[0] ?? 0);
}

function select(wall: Wall, slot: number): Wall {
  const position = wall.order.indexOf(slot);
  const shown = TILES[wall.layout];
  if (position < shown) return { ...wall, selected: position };
  const place = Math.min(wall.selected, shown - 1);
  return { ...swap(wall, position, place), selected: place };
}

export function choose(wall: Wall, position: number): Wall {
  return position < TILES[wall.layout] ? { ...wall, selected: position } : wall;
}

/** Enter: a small tile of `spot` takes the large place; any other tile fills the wall, and back again. */
export function enlarge(wall: Wall): Wall {
  if (wall.alone !== null) return { ...wall, alone: null };
  const slot = slotAt(wall, wall.selected);
  if (!wall.slots[slot]?.cameraId) return wall;
  if (wall.layout === 'spot' && wall.selected > 0) {
    const own = fill(wall, slot, { ...(wall.slots[slot] ?? EMPTY), chosen: true });
    return { ...swap(own, wall.selected, 0), selected: 0 };
  }
  return { ...wall, alone: slot };
}

export const back = (wall: Wall): Wall => (wall.alone === null ? wall : { ...wall, alone: null });

export function lay(wall: Wall, layout: Layout): Wall {
  return { ...wall, layout, alone: null, selected: Math.min(wall.selected, TILES[layout] - 1) };
}

export function pin(wall: Wall): Wall {
  const slot = selectedSlot(wall);
  const held = wall.slots[slot];
  return held?.cameraId ? fill(wall, slot, { ...held, pinned: !held.pinned }) : wall;
}

/** Takes a camera off; it does not come back by itself while the same share lasts. */
export function takeOff(wall: Wall, slot = selectedSlot(wall)): Wall {
  const cameraId = wall.slots[slot]?.cameraId;
  if (!cameraId) return wall;
  return { ...fill(wall, slot, EMPTY), alone: null, dismissed: new Set([...wall.dismissed, cameraId]) };
}

// ---- parts ----

export function find(wall: Wall, cameraId: Id): number | null {
  const slot = wall.slots.findIndex((held) => held.cameraId === cameraId);
  return slot < 0 ? null : slot;
}

function fill(wall: Wall, slot: number, held: Slot): Wall {
  return { ...wall, slots: wall.slots.map((old, n) => (n === slot ? held : old)) };
}

function swap(wall: Wall, a: number, b: number): Wall {
  const order = [...wall.order];
  [order[a], order[b]] = [slotAt(wall, b), slotAt(wall, a)];
  return { ...wall, order };
}

function same(a: Wall, b: Wall): boolean {
  const slots = a.slots.every((slot, n) => {
    const other = b.slots[n] ?? EMPTY;
    return (Object.keys(EMPTY) as (keyof Slot)[]).every((key) => slot[key] === other[key]);
  });
  return slots && a.order.every((slot, n) => slot === b.order[n]) && a.dismissed.size === b.dismissed.size;
}
