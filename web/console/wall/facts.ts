// Gathers the facts about one tile from the hub's sections and this browser's own evidence. Derived at each look;
// what they mean is tile.ts.
import type { Desk } from '../shell/desk.svelte';
import { shareOf } from '../incident/timeline';
import { shownSlots } from './placement';
import type { TileFacts } from './tile';

export function tileFacts(desk: Desk, slot: number, offscreen: boolean, now: number): TileFacts {
  const held = desk.wall.slots[slot];
  const media = desk.media.slots[slot];
  const cameraId = held?.cameraId ?? null;
  const own = desk.tiles.find((tile) => tile.wallId === desk.media.wallId && tile.slot === slot);
  return {
    cameraId,
    visible: onScreen(desk, slot, offscreen),
    since: media?.since ?? now,
    lastFrameAt: media && media.cameraId === cameraId ? media.lastFrameAt(now) : null,
    hub: own && own.cameraId === cameraId ? own : null,
    share: cameraId ? shareOf(cameraId, desk.shares) : null,
    camera: desk.cameras.find((camera) => camera.id === cameraId) ?? null,
    problem: media?.problem ?? null,
    linkUp: desk.media.up,
  };
}

export function onScreen(desk: Desk, slot: number, offscreen: boolean): boolean {
  return desk.pageVisible && !offscreen && shownSlots(desk.wall).includes(slot);
}
