// What each action of the key map does at the desk. Which key it is stands in keys/map.ts; buttons call the same.
import { toasts } from '$shared/ui/toasts.svelte';
import { back, choose, enlarge, lay, pin, selectedSlot, takeOff } from '../wall/placement';
import { neighbour, type Direction, type Rect } from '../wall/layout';
import type { Action } from '../keys/map';
import type { Acknowledging } from './acknowledging.svelte';
import type { Desk } from './desk.svelte';

export interface Around {
  acknowledging: Acknowledging;
  rects: readonly Rect[];
  focusSearch: () => void;
  focusIncident: () => void;
  focusTile: () => void;
}

/** True when the action used the key; a key that did nothing stays the browser's. */
export function run(action: Action, desk: Desk, around: Around): boolean {
  switch (action) {
    case 'acknowledge':
      return acknowledge(desk, around.acknowledging);
    case 'nextAlarm':
      return (desk.nextAlarm(), true);
    case 'callBack':
      return copyCallBack(desk);
    case 'clear':
      return startClearing(desk, around);
    case 'showIncident':
      return (around.focusIncident(), true);
    case 'one':
    case 'four':
    case 'spot':
    case 'nine':
      return ((desk.wall = lay(desk.wall, action)), true);
    case 'left':
    case 'right':
    case 'up':
    case 'down':
      return move(desk, action, around);
    case 'enlarge':
      return ((desk.wall = enlarge(desk.wall)), around.focusTile(), true);
    case 'back':
      return goBack(desk);
    case 'pin':
      return ((desk.wall = pin(desk.wall)), true);
    case 'closeTile':
      return ((desk.wall = takeOff(desk.wall)), true);
    case 'listen':
      return listen(desk);
    case 'search':
      return (around.focusSearch(), true);
    case 'sound':
      return (desk.sound.toggle(), true);
    case 'help':
      return ((desk.helping = !desk.helping), true);
  }
}

function acknowledge(desk: Desk, acknowledging: Acknowledging): boolean {
  if (!acknowledging.byKey(desk.headline, Date.now())) toasts.say('A newer alarm came to the front. Read it and press again.', 'high');
  return true;
}

function copyCallBack(desk: Desk): boolean {
  const number = desk.headline?.callBack;
  if (!number) return false;
  void navigator.clipboard?.writeText(number).then(
    () => toasts.say(`Copied ${number}`, 'good'),
    () => toasts.say('The browser did not let the number be copied.', 'high'),
  );
  return true;
}

function startClearing(desk: Desk, around: Around): boolean {
  if (desk.incident?.state !== 'open') return false;
  desk.panel = 'incident';
  desk.clearing = true;
  around.focusIncident();
  return true;
}

function move(desk: Desk, direction: Direction, around: Around): boolean {
  if (desk.wall.alone !== null) return false;
  desk.wall = choose(desk.wall, neighbour(around.rects, desk.wall.selected, direction));
  around.focusTile();
  return true;
}

function goBack(desk: Desk): boolean {
  if (desk.helping) return ((desk.helping = false), true);
  if (desk.clearing) return ((desk.clearing = false), true);
  if (desk.wall.alone === null) return false;
  desk.wall = back(desk.wall);
  return true;
}

function listen(desk: Desk): boolean {
  const cameraId = desk.wall.slots[selectedSlot(desk.wall)]?.cameraId ?? null;
  desk.listening = desk.listening === cameraId ? null : cameraId;
  return true;
}
