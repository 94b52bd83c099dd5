// Which key does what. Every key is here and nowhere else, so that it can be changed and so that help can list
// it; what an action does belongs to the page that runs it.

export const ACTIONS = [
  'acknowledge', 'nextAlarm', 'callBack', 'clear', 'showIncident',
  'one', 'four', 'spot', 'nine', 'left', 'right', 'up', 'down', 'enlarge', 'back', 'pin', 'closeTile', 'listen',
  'search', 'sound', 'help',
] as const;
export type Action = (typeof ACTIONS)[number];

export type KeyMap = Record<Action, string>;

/** A number key is the number of tiles that it shows. */
export const STANDARD_KEYS: KeyMap = {
  acknowledge: 'a',
  nextAlarm: 'n',
  callBack: 'k',
  clear: 'c',
  showIncident: 'i',
  one: '1',
  four: '4',
  spot: '5',
  nine: '9',
  left: 'ArrowLeft',
  right: 'ArrowRight',
  up: 'ArrowUp',
  down: 'ArrowDown',
  enlarge: 'Enter',
  back: 'Escape',
  pin: 'p',
  closeTile: 'x',
  listen: 'l',
  search: '/',
  sound: 'm',
  help: '?',
};

export interface KeyGroup {
  title: string;
  keys: [Action, string][];
}

export const GROUPS: readonly KeyGroup[] = [
  {
    title: 'Alarms',
    keys: [
      ['acknowledge', 'Acknowledge the alarm in the strip'],
      ['nextAlarm', 'Show the next alarm'],
      ['callBack', 'Copy the call-back number'],
      ['sound', 'Alarm sound on or off'],
    ],
  },
  {
    title: 'Wall',
    keys: [
      ['one', 'One tile'],
      ['four', 'Four tiles'],
      ['spot', 'One large tile and four small ones'],
      ['nine', 'Nine tiles'],
      ['enlarge', 'Enlarge the chosen tile'],
      ['back', 'Back, or close what is open'],
      ['pin', 'Pin the chosen tile, or let it go'],
      ['listen', 'Listen to the chosen tile, if it may be heard'],
      ['closeTile', 'Take the camera off the chosen tile'],
    ],
  },
  {
    title: 'Panels',
    keys: [
      ['search', 'Search the cameras'],
      ['showIncident', 'Go to the incident'],
      ['clear', 'Clear the incident (asks first)'],
      ['help', 'This list'],
    ],
  },
];

const ARROWS: Record<string, string> = { ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓' };

/** How a key is written on a key cap. */
export function keyCap(key: string): string {
  if (key === 'Escape') return 'Esc';
  return ARROWS[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}

export interface Press {
  key: string;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
  repeat: boolean;
}

const REPEATS: readonly Action[] = ['left', 'right', 'up', 'down'];

/** What a key press means, or nothing. A held key repeats only where it moves. */
export function actionOf(press: Press, map: KeyMap = STANDARD_KEYS): Action | null {
  if (press.ctrlKey || press.altKey || press.metaKey) return null;
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  const action = ACTIONS.find((name) => map[name] === key);
  if (!action || (press.repeat && !REPEATS.includes(action))) return null;
  return action;
}

/** Letters typed into a field are text; only Escape still acts there. */
export function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
}

/** A changed map as it was stored; anything that is not a whole map without doubles is refused. */
export function parseKeys(stored: string | null): KeyMap {
  if (!stored) return STANDARD_KEYS;
  try {
    const changed: unknown = JSON.parse(stored);
    if (typeof changed !== 'object' || changed === null) return STANDARD_KEYS;
    const map = { ...STANDARD_KEYS };
    for (const action of ACTIONS) {
      const key = (changed as Record<string, unknown>)[action];
      if (typeof key === 'string' && key.length > 0 && key.length <= 12) map[action] = key;
    }
    return new Set(Object.values(map)).size === ACTIONS.length ? map : STANDARD_KEYS;
  } catch {
    return STANDARD_KEYS;
  }
}
