// What the hub's section `premises` says about devices that obey signed words. A hub that does not say so has none:
// each field is taken as missing until it is there, and the page goes on as with an unpaired device.
import type { Id, OwnerCamera, OwnerPremises } from '$shared/api/shapes';

export interface DeviceSeen {
  /** Hex. */
  readonly id: string;
  readonly online: boolean;
  readonly paired: boolean;
  readonly epoch: number;
}

export interface CameraSeen {
  readonly number: number;
  readonly name: string;
  /** Inside a home: no alert rule may open it. */
  readonly indoor: boolean;
}

export interface Spot {
  readonly lat: number;
  readonly lon: number;
}

type More<T, M> = T & { readonly [K in keyof M]?: M[K] | null };
type Premises = More<OwnerPremises, { devices: DeviceSeen[]; place: Spot }>;
type Camera = More<OwnerCamera, { deviceId: string; number: number; indoor: boolean }>;

export const devicesAt = (premises: OwnerPremises): readonly DeviceSeen[] => (premises as Premises).devices ?? [];

export const spotOf = (premises: OwnerPremises): Spot | null => (premises as Premises).place ?? null;

/** Those that can be named to a device, by number. */
export function camerasOf(premises: OwnerPremises, device: string): CameraSeen[] {
  const own = (premises.cameras as Camera[]).filter(({ deviceId }) => deviceId === device);
  const seen = own.flatMap(({ number, name, indoor }) => (number ? [{ number, name, indoor: indoor ?? false }] : []));
  return seen.sort((a, b) => a.number - b.number);
}

/** As words are written with: by number. */
export const namesOf = (cameras: readonly CameraSeen[]): ReadonlyMap<string, string> =>
  new Map(cameras.map(({ number, name }) => [String(number), name]));

export function premisesOf(premises: readonly OwnerPremises[], device: string): OwnerPremises | undefined {
  return premises.find((one) => devicesAt(one).some(({ id }) => id === device));
}

/** Whose word counts at these premises, as far as this phone is concerned. */
export type Standing = 'unpaired' | 'mine' | 'stranger';

export function standingAt(premises: OwnerPremises, own: readonly { readonly id: string; readonly premisesId: Id; readonly epoch: bigint }[]): Standing {
  const paired = devicesAt(premises).filter((device) => device.paired);
  if (paired.length === 0) return 'unpaired';
  const known = paired.some(({ id, epoch }) => own.some((one) => one.id === id && one.epoch === BigInt(epoch)));
  return known ? 'mine' : 'stranger';
}
