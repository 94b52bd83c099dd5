// What one tile says and whether its picture may be seen. Pure: derived from facts, never stored, so that a tile
// cannot remember being live.
//
//   empty -- camera --> connecting -- frame --> live <-- frames --> stalled, reconnecting -- end --> ended
//   any, when nobody can see it --> paused (at the hub; not a viewing)
import { at, length } from '$shared/time';
import type { EndCause, OperatorCamera, Share, Tile } from '$shared/api/shapes';

/** An older picture than this is not live, whatever anybody says. */
export const LIVE_WITHIN_MS = 1_000;
/** An old picture is dimmed with its age for this long, then it is taken away. */
export const OLD_PICTURE_STAYS_MS = 10_000;

/** A first picture that takes longer than this has a reason worth telling. */
const SLOW_MS = 3_000;

/** A share past its end whose frames have stopped has ended, also when the hub is not there to say so. */
const OVERDUE_MS = 1_500;

export type Phase = 'empty' | 'paused' | 'connecting' | 'live' | 'stalled' | 'reconnecting' | 'ended' | 'refused';

export interface TileFacts {
  cameraId: string | null;
  visible: boolean;
  /** When we first wanted this camera here. */
  since: number;
  /** When its newest frame really was on the screen; null before the first one. */
  lastFrameAt: number | null;
  /** What the hub says about this slot, only if it speaks of this camera. */
  hub: Tile | null;
  /** The newest share of this camera. */
  share: Share | null;
  camera: OperatorCamera | null;
  /** The hub's answer to our request, when it was no. */
  problem: string | null;
  linkUp: boolean;
}

export interface TileView {
  phase: Phase;
  words: string;
  /** A second line that says why, or what to expect. */
  reason: string | null;
  picture: 'none' | 'live' | 'old';
}

export function tileView(facts: TileFacts, now: number): TileView {
  if (!facts.cameraId) return view('empty', 'No camera');
  const ended = endOf(facts, now);
  if (ended) return ended;
  if (!facts.visible) return view('paused', 'Paused: not on the screen');
  if (facts.problem) return view('refused', 'Not opened', facts.problem);
  if (facts.lastFrameAt === null) return waiting(facts, now);
  const age = now - facts.lastFrameAt;
  return age <= LIVE_WITHIN_MS && facts.linkUp ? { ...view('live', 'Live'), picture: 'live' } : old(facts, age);
}

function waiting(facts: TileFacts, now: number): TileView {
  const seconds = length(now - facts.since);
  if (!facts.linkUp) return view('connecting', `Connecting ${seconds}`, 'Waiting for the hub’s media connection');
  const long = now - facts.since > SLOW_MS;
  const broken = long ? brokenCamera(facts) : null;
  if (broken) return broken;
  return view('connecting', `Connecting ${seconds}`, long ? (reasonOf(facts) ?? 'No picture from the camera yet') : null);
}

function old(facts: TileFacts, age: number): TileView {
  const broken = age >= OLD_PICTURE_STAYS_MS ? brokenCamera(facts) : null;
  if (broken) return broken;
  const back = !facts.linkUp || facts.hub?.state === 'reconnecting' || facts.camera?.availability === 'deviceAway';
  const words = back ? `Reconnecting ${length(age)}` : `Stalled ${length(age)}`;
  const reason = facts.linkUp ? (reasonOf(facts) ?? null) : 'The media connection to the hub is lost';
  const picture = age < OLD_PICTURE_STAYS_MS ? 'old' : 'none';
  return { phase: back ? 'reconnecting' : 'stalled', words, reason, picture };
}

/** The camera itself is the reason; its picture comes back by itself when it does. */
function brokenCamera({ camera }: TileFacts): TileView | null {
  const words = CAMERA_WORDS[camera?.availability ?? ''];
  return words ? view('ended', `Ended: ${words}`, camera?.reason ?? null) : null;
}

function reasonOf({ hub, camera }: TileFacts): string | null {
  return hub?.reason ?? (camera && camera.availability !== 'shared' ? camera.reason : null);
}

function endOf(facts: TileFacts, now: number): TileView | null {
  const { share, hub, camera, lastFrameAt } = facts;
  if (share && share.state === 'ended') return view('ended', `Ended: ${END_WORDS[share.endCause ?? 'unknown']}`);
  const overdue = share?.endsAt && !share.renews && now > at(share.endsAt) + OVERDUE_MS;
  if (overdue && (lastFrameAt === null || now - lastFrameAt > LIVE_WITHIN_MS)) return view('ended', 'Ended: expired');
  if (share?.state === 'refused') return view('ended', 'Ended: not shared');
  if (!share && camera?.availability === 'notShared') return view('ended', 'Ended: not shared');
  // A hub that has given up on the camera; but frames that arrive are stronger evidence than its word.
  const newer = hub !== null && lastFrameAt !== null && lastFrameAt > at(hub.since) + LIVE_WITHIN_MS;
  if (hub?.state !== 'ended' || newer) return null;
  return brokenCamera(facts) ?? view('ended', `Ended: ${hub.reason ?? 'the hub closed it'}`);
}

function view(phase: Phase, words: string, reason: string | null = null): TileView {
  return { phase, words, reason, picture: 'none' };
}

export const END_WORDS: Record<EndCause | 'unknown', string> = {
  revoked: 'owner revoked',
  expired: 'expired',
  cleared: 'incident cleared',
  cancelled: 'owner cancelled',
  stoppedAtPremises: 'stopped at the premises',
  rebooted: 'CORE device rebooted',
  policyChanged: 'owner changed the policy',
  deviceRevoked: 'CORE device taken out of the hub',
  unknown: 'no longer shared',
};

const CAMERA_WORDS: Record<string, string> = {
  offline: 'camera offline',
  wrongPassword: 'camera refuses its password',
  unsupported: 'camera not supported',
  garbage: 'camera sends garbage',
  deviceAway: 'CORE device is away',
};

/** Main stream only where it is drawn large; the gap keeps a tile at the border from flapping. */
export function sizeOf(widthPx: number, before: 'large' | 'small'): 'large' | 'small' {
  return widthPx >= (before === 'large' ? 600 : 680) ? 'large' : 'small';
}
