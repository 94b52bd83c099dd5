// What the hub says and is told, under the names that the pages use. The shapes come from the hub's own description
// of its API (schema.d.ts, made by `npm run api`), so that a change there shows here as a type error.
import type { components } from './schema';

type Schemas = components['schemas'];

/** The hub says every field, null where there is nothing; its description calls such fields optional. */
type Told<T> = T extends readonly (infer E)[]
  ? Told<E>[]
  : T extends object
    ? { [K in keyof T]-?: Told<Exclude<T[K], undefined>> }
    : T;

export type Id = string;
/** RFC 3339, UTC, milliseconds. */
export type Time = string;

export type Named = Told<Schemas['Named']>;
export type Me = Told<Schemas['Me']>;
export type Duty = Told<Schemas['Duty']>;
export type Notice = Told<Schemas['Notice']>;
export type Level = Schemas['PressLevel'];
export type PremisesKind = Schemas['PremisesKind'];

export type Share = Told<Schemas['Share']>;
export type EndCause = Schemas['EndText'];
export type Press = Told<Schemas['Press']>;
export type Acknowledged = Told<Schemas['AcknowledgedBy']>;
export type Incident = Told<Schemas['Incident']>;
export type Alert = Told<Schemas['Alert']>;
/** "press", "button", "stoppedAtPremises", "unplugged", "rebooted", "message", or what a webhook calls it. */
export type AlertKind = Alert['kind'];

export type OwnerPremises = Told<Schemas['OwnerPremises']>;
export type OwnerCamera = Told<Schemas['OwnerCamera']>;
export type Condition = Schemas['CameraCondition'];
export type Ask = Told<Schemas['Ask']>;

/** What the person said; the same in signed words goes with it where a device wants them. */
export type PressBody = Omit<Told<Schemas['PressAsked']>, 'envelopes'>;
export type RevokeBody = Schemas['RevokeAsked'];
export type RevokeScope = Schemas['RevokeScope'];
export type Revoke = Told<Schemas['Revoke']>;

export type OperatorCamera = Told<Schemas['OperatorCamera']>;
export type Availability = Schemas['Availability'];
export type Viewing = Told<Schemas['Viewing']>;
export type ViewingPage = Told<Schemas['ViewingPage']>;
export type Tile = Told<Schemas['Tile']>;

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
