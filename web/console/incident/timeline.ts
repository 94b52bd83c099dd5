// What happened in an incident, in order and in words. Pure, derived from what the hub says; it adds no facts.
import { at } from '$shared/time';
import type { Incident, Share } from '$shared/api/shapes';
import { kindWords } from '../alarms/rank';
import { END_WORDS } from '../wall/tile';

export interface Moment {
  key: string;
  time: string;
  text: string;
  weight: 'alarm' | 'person' | 'plain';
}

/** Newest first. */
export function timeline(incident: Incident, shares: readonly Share[]): Moment[] {
  const own = shares.filter((share) => share.incidentId === incident.id);
  return [...alertMoments(incident), ...own.flatMap(shareMoments), ...cleared(incident)].sort(
    (a, b) => at(b.time) - at(a.time),
  );
}

function alertMoments(incident: Incident): Moment[] {
  return incident.alerts.flatMap(({ id, kind, by, raisedAt, acknowledged }) => {
    const text = by ? `${kindWords(kind)} by ${by}` : kindWords(kind);
    const raised: Moment = { key: `${id}-raised`, time: raisedAt, text, weight: 'alarm' };
    if (!acknowledged) return [raised];
    const { badge, at: time } = acknowledged;
    return [raised, { key: `${id}-taken`, time, text: `Acknowledged by ${badge}`, weight: 'person' }];
  });
}

function shareMoments(share: Share): Moment[] {
  const names = share.cameras.map((camera) => camera.name).join(', ');
  const moments: Moment[] = [];
  const say = (suffix: string, time: string | null, text: string) => {
    if (time) moments.push({ key: `${share.id}-${suffix}`, time, text, weight: 'plain' });
  };
  if (share.state === 'asked') say('asked', share.askedAt, `Waiting for the premises: ${names}`);
  say('live', share.liveAt, `Shared: ${names}`);
  say('ended', share.endedAt, `Ended, ${END_WORDS[share.endCause ?? 'unknown']}: ${names}`);
  return moments;
}

function cleared(incident: Incident): Moment[] {
  const { clearedAt } = incident;
  return clearedAt ? [{ key: 'cleared', time: clearedAt, text: 'Incident cleared', weight: 'person' }] : [];
}

/** Cameras of the incident with the share that decides about each: a live one before an ended one. */
export function camerasOf(incident: Incident, shares: readonly Share[]): { id: string; name: string; share: Share }[] {
  const byId = new Map<string, { id: string; name: string; share: Share }>();
  for (const share of shares.filter((one) => one.incidentId === incident.id)) {
    for (const camera of share.cameras) {
      const known = byId.get(camera.id);
      if (!known || newer(share, known.share)) byId.set(camera.id, { ...camera, share });
    }
  }
  return [...byId.values()];
}

/** The share that tells about a camera now: live, else asked, else what ended last. */
export function newer(a: Share, b: Share): boolean {
  const order: Share['state'][] = ['live', 'asked', 'ended', 'refused'];
  const rank = order.indexOf(a.state) - order.indexOf(b.state);
  return rank !== 0 ? rank < 0 : at(a.endedAt ?? a.liveAt ?? a.askedAt) > at(b.endedAt ?? b.liveAt ?? b.askedAt);
}

export function shareOf(cameraId: string, shares: readonly Share[]): Share | null {
  const own = shares.filter((share) => share.cameras.some((camera) => camera.id === cameraId));
  return own.reduce<Share | null>((best, share) => (best === null || newer(share, best) ? share : best), null);
}

/** The end that counts is the last one among live shares; null when one of them renews or has none. */
export function endsAt(cameraId: string, shares: readonly Share[]): string | null {
  const live = shares.filter((share) => share.state === 'live' && share.cameras.some(({ id }) => id === cameraId));
  if (live.length === 0 || live.some((share) => share.renews || !share.endsAt)) return null;
  return live.reduce((last, share) => (at(share.endsAt ?? '') > at(last) ? (share.endsAt ?? last) : last), live[0]?.endsAt ?? '');
}
