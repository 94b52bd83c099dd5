import { describe, expect, it } from 'vitest';
import type { Viewing } from '$shared/api/types';
import { watchedBefore, watchingNow } from './watchers';

function viewing(id: string, badge: string, camera: string, from: number, to: number | null): Viewing {
  const time = (seconds: number) => new Date(seconds * 1_000).toISOString();
  return {
    ...{ id, badge, camera: { id: camera, name: camera }, premisesId: 'shop', agency: { id: 'spd', name: 'Springfield PD' } },
    ...{ reason: 'Panic press', startedAt: time(from), firstFrameAt: time(from + 1), endedAt: to ? time(to) : null, incidentId: null },
  };
}

describe('who watches', () => {
  it('names each operator once, with every camera', () => {
    const now = watchingNow([viewing('v1', '417', 'Door', 10, null), viewing('v2', '417', 'Till', 8, null), viewing('v3', '22', 'Till', 4, 9)]);
    expect(now).toHaveLength(1);
    expect(now[0]).toMatchObject({ badge: '417', cameras: ['Door', 'Till'], reasons: ['Panic press'], since: 8_000 });
  });

  it('lists what is over, newest first and once, with the length of what was seen', () => {
    const old = viewing('v3', '22', 'Till', 4, 9);
    const before = watchedBefore([viewing('v4', '22', 'Door', 20, 26), old], [old]);
    expect(before.map(({ id }) => id)).toEqual(['v4', 'v3']);
    expect(before[0]?.lengthMs).toBe(5_000);
  });

  it('does not claim a length where no picture arrived', () => {
    expect(watchedBefore([{ ...viewing('v1', '22', 'Till', 4, 9), firstFrameAt: null }])[0]?.lengthMs).toBeNull();
  });
});
