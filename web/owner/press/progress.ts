// How far a press has truly come, put together from what this phone keeps, what the hub answered and what the
// stream says. Every step needs its own fact; none is inferred from a later one or from hope.
import { at } from '$shared/time';
import type { Id, Level, Named, Press, Share } from '$shared/api/shapes';
import { OPENS_WITHIN_MS, stillOpens, type KeptPress } from '../keep/kept';
import type { Item } from '../keep/outbox';

/** For this long a press can be taken back as a mistake. */
export const CANCEL_WITHIN_MS = 5_000;

/** The stream lists a new share within this time; one that it does not list by then ended long ago. */
const LISTED_WITHIN_MS = 10_000;

export type Stage = 'kept' | 'received' | 'live' | 'onWall' | 'acknowledged';

export interface Step {
  stage: Stage;
  /** When it happened, or null while it has not. */
  at: number | null;
}

/** underway: asked or live; tooOld: still on the phone, will open nothing; the rest is over, with its reason. */
export type Phase = 'underway' | 'tooOld' | 'message' | 'refused' | 'cancelled' | 'ended';

export interface PressView {
  id: Id;
  premisesId: Id;
  /** Null when it is this page's own person. */
  by: Named | 'button' | null;
  level: Level;
  silent: boolean;
  drill: boolean;
  /** What this phone told the operators with it; the hub does not repeat it to co-owners. */
  note: string | null;
  madeAt: number;
  phase: Phase;
  steps: Step[];
  /** The operator who took it: a person's act, never a tile that opened by itself. */
  badge: string | null;
  cancellableUntil: number;
  onDisk: boolean;
  problem: string | null;
}

export function pressViews(items: readonly Item[], presses: Press[], shares: Share[], me: Id, now: number): PressView[] {
  const fromStream = new Map(presses.map((press) => [press.id, press]));
  const mine = items.filter((item): item is Item & { kept: KeptPress } => item.kept.kind === 'press');
  const local = mine.map((item) => {
    const answered = item.answer && 'premisesId' in item.answer ? item.answer : null;
    return viewOfKept(item.kept, item, fromStream.get(item.kept.id) ?? answered, shares, now);
  });
  const ids = new Set(mine.map(({ kept }) => kept.id));
  const others = presses.filter(({ id }) => !ids.has(id)).map((press) => viewOfPress(press, shares, me, now));
  return [...local, ...others].toSorted((a, b) => b.madeAt - a.madeAt);
}

function viewOfKept(kept: KeptPress, item: Item, press: Press | null, shares: Share[], now: number): PressView {
  const keptStep: Step = { stage: 'kept', at: item.onDisk || press ? kept.madeAt : null };
  const { premisesId, level, silent, drill, madeAt } = kept;
  return {
    ...{ id: kept.id, premisesId, level, silent, drill, madeAt },
    note: kept.note ?? null,
    by: null,
    phase: press ? phaseOf(press, shares, now) : phaseOnPhone(kept, item, now),
    steps: [keptStep, ...hubSteps(press, shares)],
    badge: press?.acknowledged?.badge ?? null,
    cancellableUntil: press?.cancellableUntil ? at(press.cancellableUntil) : madeAt + CANCEL_WITHIN_MS,
    onDisk: item.onDisk,
    problem: press?.refusal ?? item.problem,
  };
}

function phaseOnPhone(kept: KeptPress, item: Item, now: number): Phase {
  if (item.state === 'refused') return 'refused';
  return stillOpens(kept, now) ? 'underway' : 'tooOld';
}

function viewOfPress(press: Press, shares: Share[], me: Id, now: number): PressView {
  const { id, premisesId, level, silent, drill } = press;
  return {
    ...{ id, premisesId, level, silent, drill },
    note: null,
    by: press.by?.id === me ? null : (press.by ?? 'button'),
    madeAt: at(press.receivedAt),
    phase: phaseOf(press, shares, now),
    steps: hubSteps(press, shares),
    badge: press.acknowledged?.badge ?? null,
    cancellableUntil: press.cancellableUntil ? at(press.cancellableUntil) : 0,
    onDisk: false,
    problem: press.refusal,
  };
}

function phaseOf(press: Press, shares: Share[], now: number): Phase {
  switch (press.state) {
    case 'message':
    case 'refused':
    case 'cancelled':
      return press.state;
    case 'received':
    case 'opened':
      return isOver(press, shares, now) ? 'ended' : 'underway';
  }
}

/** Over when every share it opened has ended, or when the hub no longer lists one that it opened long ago. */
function isOver(press: Press, shares: Share[], now: number): boolean {
  const opened = sharesOf(press, shares);
  if (opened.length > 0) return opened.every(({ state }) => state === 'ended' || state === 'refused');
  return press.openedAt !== null && now - at(press.openedAt) > LISTED_WITHIN_MS;
}

function hubSteps(press: Press | null, shares: Share[]): Step[] {
  const live = press ? sharesOf(press, shares).flatMap(({ liveAt }) => (liveAt ? [at(liveAt)] : [])) : [];
  const liveAt = live.length > 0 ? Math.min(...live) : moment(press?.openedAt);
  return [
    { stage: 'received', at: moment(press?.receivedAt) },
    { stage: 'live', at: liveAt },
    { stage: 'onWall', at: moment(press?.onWallAt) },
    { stage: 'acknowledged', at: moment(press?.acknowledged?.at) },
  ];
}

function sharesOf(press: Press, shares: Share[]): Share[] {
  return shares.filter((share) => share.pressId === press.id || press.shareIds.includes(share.id));
}

function moment(time: string | null | undefined): number | null {
  return time ? at(time) : null;
}

/** Milliseconds until a press that waits on this phone turns into a message. */
export function opensForMs(view: PressView, now: number): number {
  return Math.max(0, view.madeAt + OPENS_WITHIN_MS - now);
}
