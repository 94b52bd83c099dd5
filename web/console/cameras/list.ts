// The camera list: what each line says, in which order, and what a search finds. Pure. Declined, paused and no
// policy all read "not shared", with no reason, so that nobody is pressed for having said no.
import type { Availability, OperatorCamera } from '$shared/api/shapes';

export interface Line {
  camera: OperatorCamera;
  words: string;
  /** Technical only; an installer could act on it. */
  reason: string | null;
  /** It can be put on the wall now. */
  open: boolean;
  tone: 'live' | 'fault' | 'none';
}

export interface Group {
  premises: OperatorCamera['premises'];
  lines: Line[];
}

const WORDS: Record<Availability, string> = {
  shared: 'Shared',
  notShared: 'Not shared',
  offline: 'Offline',
  wrongPassword: 'Wrong password',
  unsupported: 'Unsupported codec',
  garbage: 'Faulty stream',
  connecting: 'Connecting',
  deviceAway: 'CORE device away',
};

export function line(camera: OperatorCamera): Line {
  const { availability } = camera;
  const open = availability === 'shared';
  const silent = open || availability === 'notShared';
  return {
    camera,
    words: WORDS[availability],
    reason: silent ? null : camera.reason,
    open,
    tone: open ? 'live' : silent || availability === 'connecting' ? 'none' : 'fault',
  };
}

/** By premises: those that share first, then by name. */
export function groups(cameras: readonly OperatorCamera[], search: string): Group[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = new Map<string, Group>();
  for (const camera of cameras) {
    const text = `${camera.name} ${camera.premises.name} ${WORDS[camera.availability]}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    const group = found.get(camera.premises.id) ?? { premises: camera.premises, lines: [] };
    group.lines.push(line(camera));
    found.set(camera.premises.id, group);
  }
  const sorted = [...found.values()].map((group) => ({ ...group, lines: group.lines.sort(openThenName) }));
  return sorted.sort((a, b) => shares(b) - shares(a) || a.premises.name.localeCompare(b.premises.name));
}

const shares = (group: Group) => Number(group.lines.some((line) => line.open));

function openThenName(a: Line, b: Line): number {
  return Number(b.open) - Number(a.open) || a.camera.name.localeCompare(b.camera.name, undefined, { numeric: true });
}
