// Which cameras are shared now, and in which order they ask for a place on the wall. Derived from what the hub
// says; where they go is placement's business.
import { at } from '$shared/time';
import type { Id, Incident, OperatorCamera, Share } from '$shared/api/shapes';

export interface Wanted {
  cameraId: Id;
  incidentId: Id | null;
  /** Opens by itself. False for a private owner's standing share: nobody is looked at without somebody choosing to. */
  opens: boolean;
}

export interface SharedFacts {
  cameras: readonly OperatorCamera[];
  incidents: readonly Incident[];
  shares: readonly Share[];
}

/** Cameras of open incidents first, newest incident first and drills last, then the agency's own; each
 *  group by name, so that the same press always looks the same. */
export function wantedCameras({ cameras, incidents, shares }: SharedFacts): Wanted[] {
  const live = liveShares(shares);
  const known = new Map(cameras.map((camera) => [camera.id, camera]));
  const byName = (a: Id, b: Id) => (known.get(a)?.name ?? '').localeCompare(known.get(b)?.name ?? '', [], { numeric: true });
  const wanted = new Map<Id, Wanted>();
  for (const incident of [...incidents].sort(byUrgency)) {
    if (incident.state !== 'open') continue;
    for (const cameraId of camerasOf(incident, shares).sort(byName)) {
      if (live.has(cameraId) && !wanted.has(cameraId)) {
        wanted.set(cameraId, { cameraId, incidentId: incident.id, opens: true });
      }
    }
  }
  const shared = cameras.filter((camera) => camera.availability === 'shared').map((camera) => camera.id);
  for (const cameraId of [...new Set([...live, ...shared])].sort(byName)) {
    if (wanted.has(cameraId)) continue;
    wanted.set(cameraId, { cameraId, incidentId: null, opens: known.get(cameraId)?.premises.kind === 'agency' });
  }
  return [...wanted.values()];
}

function liveShares(shares: readonly Share[]): Set<Id> {
  const live = shares.filter((share) => share.state === 'live');
  return new Set(live.flatMap((share) => share.cameras.map((camera) => camera.id)));
}

function camerasOf(incident: Incident, shares: readonly Share[]): Id[] {
  const own = shares.filter((share) => share.incidentId === incident.id && share.state === 'live');
  return [...new Set([...incident.cameraIds, ...own.flatMap((share) => share.cameras.map((camera) => camera.id))])];
}

function byUrgency(a: Incident, b: Incident): number {
  return Number(a.drill) - Number(b.drill) || at(b.openedAt) - at(a.openedAt);
}
