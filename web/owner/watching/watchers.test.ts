import { describe, expect, it } from 'vitest';
import type { Share, Viewing } from '$shared/api/shapes';
import { watchedBefore, watchedBy, watchingNow } from './watchers';

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

describe('the receipt of a share', () => {
  const time = (seconds: number) => new Date(seconds * 1_000).toISOString();
  const share = { cameras: [{ id: 'Till', name: 'Till' }], liveAt: time(100), endedAt: time(200) } as Share;

  it('names who saw a picture of it, once', () => {
    const seen = [viewing('v1', '417', 'Till', 110, 120), viewing('v2', '417', 'Till', 130, 140), viewing('v3', '22', 'Till', 190, null)];
    expect(watchedBy(share, seen)).toEqual(['22', '417']);
  });

  it('leaves out other cameras, other times and views without a picture', () => {
    const blind = { ...viewing('v4', '22', 'Till', 150, 160), firstFrameAt: null };
    expect(watchedBy(share, [viewing('v1', '22', 'Door', 110, 120), viewing('v2', '22', 'Till', 10, 20), viewing('v3', '22', 'Till', 210, 220), blind])).toEqual([]);
  });
});
