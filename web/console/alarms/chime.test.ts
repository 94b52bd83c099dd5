import { describe, expect, it } from 'vitest';
import { dueChime, NOTHING_HEARD, type Heard } from './chime';
import type { Alarm } from './rank';

const alarm = (id: string, grade: Alarm['grade'], more: { drill?: boolean; waiting?: boolean; premises?: boolean } = {}) =>
  ({
    alert: { id },
    incident: { drill: more.drill ?? false },
    premisesAlarm: more.premises ?? false,
    grade,
    waiting: more.waiting ?? true,
  }) as Alarm;

function listen(moments: [number, Alarm[]][]) {
  let heard: Heard = NOTHING_HEARD;
  return moments.map(([now, all]) => {
    const due = dueChime(all, heard, now);
    heard = due.heard;
    return due.chime;
  });
}

describe('alarm sound', () => {
  it('comes once for each new alarm, as the most urgent of those that came together', () => {
    const two = [alarm('a', 'info'), alarm('b', 'high')];
    expect(listen([[0, two], [100, two], [200, [...two, alarm('c', 'urgent')]]])).toEqual(['high', null, 'urgent']);
  });

  it('comes again for a panic that nobody takes, not for an alert', () => {
    const panic = [alarm('a', 'urgent')];
    expect(listen([[0, panic], [4_900, panic], [5_000, panic], [6_000, panic]])).toEqual(['urgent', null, 'urgent', null]);
    const info = [alarm('a', 'info')];
    expect(listen([[0, info], [3_600_000, info]])).toEqual(['info', null]);
  });

  it('stops when somebody acknowledges, here or at another desk', () => {
    expect(listen([[0, [alarm('a', 'urgent')]], [60_000, [alarm('a', 'urgent', { waiting: false })]]])).toEqual(['urgent', null]);
  });

  it('is soft for a drill, and urgent when somebody pulls the plug', () => {
    expect(listen([[0, [alarm('a', 'urgent', { drill: true })]]])).toEqual(['drill']);
    expect(listen([[0, [alarm('a', 'high', { premises: true })]]])).toEqual(['urgent']);
  });
});
