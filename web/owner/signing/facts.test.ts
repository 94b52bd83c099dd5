import { expect, it } from 'vitest';
import type { OwnerPremises } from '$shared/api/shapes';
import { camerasOf, devicesAt, namesOf, premisesOf, spotOf, standingAt } from './facts';

const BOX = 'aa'.repeat(32);
const told = (more: object): OwnerPremises => ({ id: 'shop', name: 'Shop', cameras: [], ...more }) as unknown as OwnerPremises;
const device = (more: object) => ({ id: BOX, online: true, paired: true, epoch: 2, ...more });

it('a hub that says nothing of devices has none that is paired', () => {
  expect(devicesAt(told({}))).toEqual([]);
  expect(spotOf(told({}))).toBeNull();
  expect(standingAt(told({}), [])).toBe('unpaired');
  expect(camerasOf(told({ cameras: [{ name: 'Door' }] }), BOX)).toEqual([]);
});

it('this phone counts only in the life of the device in which it was paired', () => {
  const own = [{ id: BOX, premisesId: 'shop', epoch: 2n }];
  expect(standingAt(told({ devices: [device({})] }), own)).toBe('mine');
  expect(standingAt(told({ devices: [device({ epoch: 3 })] }), own)).toBe('stranger');
  expect(standingAt(told({ devices: [device({})] }), [])).toBe('stranger');
  expect(standingAt(told({ devices: [device({ paired: false })] }), own)).toBe('unpaired');
});

it('cameras are named to a device by their number, and those of another device are not', () => {
  const cameras = [
    { name: 'Till', deviceId: BOX, number: 2 },
    { name: 'Door', deviceId: BOX, number: 1, indoor: true },
    { name: 'Elsewhere', deviceId: 'bb'.repeat(32), number: 3 },
    { name: 'Registered only', deviceId: null, number: null },
  ];
  const premises = told({ cameras, devices: [device({})] });
  expect(camerasOf(premises, BOX)).toEqual([{ number: 1, name: 'Door', indoor: true }, { number: 2, name: 'Till', indoor: false }]);
  expect(namesOf(camerasOf(premises, BOX))).toEqual(new Map([['1', 'Door'], ['2', 'Till']]));
  expect(premisesOf([told({}), premises], BOX)).toBe(premises);
});
