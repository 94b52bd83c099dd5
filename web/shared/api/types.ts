// What the hub says, in the words of hub/design/first-light.md: the sections of the page stream and the
// bodies of calls. Only shapes; nothing here decides anything.

export type Id = string;
/** RFC 3339, UTC, milliseconds. */
export type Time = string;

export interface Named {
  id: Id;
  name: string;
}

export type Level = 'staffAlert' | 'panic';

export interface Me {
  id: Id;
  name: string;
  role: 'owner' | 'operator';
  badge: string | null;
  agency: Named | null;
  passkeys: number;
}

export interface Duty {
  onDuty: number;
  agency: string;
}

export type Availability =
  | 'shared'
  | 'notShared'
  | 'offline'
  | 'wrongPassword'
  | 'unsupported'
  | 'garbage'
  | 'connecting'
  | 'deviceAway';

export type PremisesKind = 'business' | 'school' | 'agency' | 'home';

export interface OperatorCamera extends Named {
  premises: Named & { kind: PremisesKind };
  availability: Availability;
  reason: string | null;
  hasSub: boolean;
  hasAudio: boolean;
  incidentId: Id | null;
}

export interface Acknowledged {
  badge: string;
  at: Time;
}

/** Kinds of our own; a webhook may bring any other word. */
export type AlertKind =
  | 'press'
  | 'button'
  | 'stoppedAtPremises'
  | 'unplugged'
  | 'rebooted'
  | 'message'
  | (string & {});

export interface Alert {
  id: Id;
  kind: AlertKind;
  raisedAt: Time;
  ageMs: number;
  by: string | null;
  callBack: string | null;
  note: string | null;
  place: { lat: number; lon: number } | null;
  acknowledged: Acknowledged | null;
  answer: 'opened' | 'asked' | 'nothing';
}

export interface Incident {
  id: Id;
  state: 'open' | 'cleared';
  level: Level | 'alert';
  drill: boolean;
  silent: boolean;
  premises: Named & { address: string; keyholder?: string | null };
  openedAt: Time;
  clearedAt: Time | null;
  alerts: Alert[];
  cameraIds: Id[];
}

export type EndCause =
  | 'revoked'
  | 'expired'
  | 'cleared'
  | 'cancelled'
  | 'stoppedAtPremises'
  | 'rebooted'
  | 'policyChanged';

export interface Share {
  id: Id;
  premises: Named;
  cameras: Named[];
  agency: Named;
  cause: 'press' | 'button' | 'alert' | 'standing';
  state: 'asked' | 'live' | 'ended' | 'refused';
  askedAt: Time;
  liveAt: Time | null;
  endsAt: Time | null;
  endedAt: Time | null;
  endCause: EndCause | null;
  refusal: string | null;
  rights: { audio: boolean; preRoll: boolean; record: boolean };
  incidentId: Id | null;
  pressId: Id | null;
  renews: boolean;
}

export interface Press {
  id: Id;
  premisesId: Id;
  state: 'received' | 'opened' | 'message' | 'refused' | 'cancelled';
  level: Level;
  silent: boolean;
  drill: boolean;
  /** Null for a bare button at the premises. */
  by: Named | null;
  receivedAt: Time;
  openedAt: Time | null;
  onWallAt: Time | null;
  acknowledged: Acknowledged | null;
  cancellableUntil: Time | null;
  shareIds: Id[];
  refusal: string | null;
}

export type Condition = 'online' | 'connecting' | 'offline' | 'wrongPassword' | 'unsupported' | 'garbage' | 'deviceAway';

export interface OwnerCamera extends Named {
  condition: Condition;
  reason: string | null;
  masked: boolean;
  hasAudio: boolean;
  /** What this camera may do, each in plain words. */
  rules: string[];
}

export interface OwnerPremises extends Named {
  kind: PremisesKind;
  address: string;
  deviceState: 'online' | 'away' | 'never';
  cameras: OwnerCamera[];
  people: Named[];
}

export interface Ask {
  alertId: Id;
  premisesId: Id;
  kind: AlertKind;
  raisedAt: Time;
  cameras: Named[];
  minutes: number;
  agency: Named;
  expiresAt: Time;
}

export interface Viewing {
  id: Id;
  camera: Named;
  premisesId: Id;
  badge: string;
  agency: Named;
  reason: string;
  startedAt: Time;
  firstFrameAt: Time | null;
  endedAt: Time | null;
  incidentId: Id | null;
}

export interface Tile {
  wallId: Id;
  slot: number;
  cameraId: Id | null;
  state: 'idle' | 'connecting' | 'live' | 'stalled' | 'reconnecting' | 'ended' | 'paused';
  since: Time;
  reason: string | null;
  viewingId: Id | null;
}

export interface Notice {
  kind: 'draining' | 'storeDown' | null;
}

export interface OperatorSections {
  duty: Duty;
  cameras: OperatorCamera[];
  incidents: Incident[];
  shares: Share[];
  tiles: Tile[];
  viewings: Viewing[];
  notice: Notice;
}

export interface OwnerSections {
  duty: Duty;
  premises: OwnerPremises[];
  shares: Share[];
  presses: Press[];
  asks: Ask[];
  viewings: Viewing[];
  notice: Notice;
}

export interface PressBody {
  premisesId: Id;
  level: Level;
  silent: boolean;
  drill: boolean;
  cameraIds: Id[] | null;
  ageMs: number;
  note: string | null;
}

export type RevokeScope = { grantId: Id } | { pressId: Id } | { cameraId: Id } | { premisesId: Id };

export interface RevokeBody {
  scope: RevokeScope;
  reason: 'owner' | 'cancelled';
}

export interface Revoke {
  id: Id;
  state: 'received' | 'confirmed';
  stopped: Id[];
  confirmedAt: Time | null;
}

export interface ViewingsPage {
  viewings: Viewing[];
  next: string | null;
}
