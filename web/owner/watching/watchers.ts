// Who watches now and who watched before: one line for each operator, camera by camera. Pure.
import { at } from '$shared/time';
import type { Id, Share, Viewing } from '$shared/api/shapes';

export interface Watcher {
  badge: string;
  agency: string;
  cameras: string[];
  reasons: string[];
  since: number;
}

export interface Watched {
  id: Id;
  badge: string;
  agency: string;
  camera: string;
  reason: string;
  startedAt: number;
  /** Null when no picture ever arrived. */
  lengthMs: number | null;
}

export function watchingNow(viewings: Viewing[]): Watcher[] {
  const byOperator = new Map<string, Viewing[]>();
  for (const viewing of viewings.filter(({ endedAt }) => endedAt === null)) {
    const operator = `${viewing.agency.id}/${viewing.badge}`;
    byOperator.set(operator, [...(byOperator.get(operator) ?? []), viewing]);
  }
  return [...byOperator.values()].map(together).toSorted((a, b) => a.since - b.since);
}

function together(viewings: Viewing[]): Watcher {
  const [first] = viewings as [Viewing, ...Viewing[]];
  return {
    badge: first.badge,
    agency: first.agency.name,
    cameras: [...new Set(viewings.map(({ camera }) => camera.name))],
    reasons: [...new Set(viewings.map(({ reason }) => reason))],
    since: Math.min(...viewings.map(({ startedAt }) => at(startedAt))),
  };
}

/** Newest first, each viewing once however many pages told of it. */
export function watchedBefore(...pages: Viewing[][]): Watched[] {
  const unique = new Map(pages.flat().map((viewing) => [viewing.id, viewing]));
  return [...unique.values()].flatMap(ended).toSorted((a, b) => b.startedAt - a.startedAt);
}

function ended({ id, badge, agency, camera, reason, startedAt, firstFrameAt, endedAt }: Viewing): Watched[] {
  if (endedAt === null) return [];
  const lengthMs = firstFrameAt ? at(endedAt) - at(firstFrameAt) : null;
  return [{ id, badge, agency: agency.name, camera: camera.name, reason, startedAt: at(startedAt), lengthMs }];
}

/** The badges that saw a picture of this share: the receipt after it ended. */
export function watchedBy(share: Share, viewings: Viewing[]): string[] {
  if (!share.liveAt) return [];
  const from = at(share.liveAt);
  const to = share.endedAt ? at(share.endedAt) : Infinity;
  const seen = viewings.filter(
    ({ camera, firstFrameAt, endedAt }) =>
      share.cameras.some(({ id }) => id === camera.id) && firstFrameAt !== null && at(firstFrameAt) <= to && (endedAt === null || at(endedAt) >= from),
  );
  return [...new Set(seen.map(({ badge }) => badge))].toSorted();
}
