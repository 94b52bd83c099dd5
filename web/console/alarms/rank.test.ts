import { describe, expect, it } from 'vitest';
import type { Alert, Incident } from '$shared/api/shapes';
import { alarms, kindWords, levelWord, restInWords } from './rank';

const T0 = Date.parse('2026-11-20T12:00:00.000Z');
const iso = (second: number) => new Date(T0 + second * 1_000).toISOString();

const alert = (id: string, second: number, more: Partial<Alert> = {}): Alert => ({
  id, kind: 'press', raisedAt: iso(second), ageMs: 0, by: 'Ada', callBack: '555', note: null, place: null,
  acknowledged: null, answer: 'opened', ...more,
});
const incident = (id: string, more: Partial<Incident> = {}): Incident => ({
  id, state: 'open', level: 'panic', drill: false, silent: false, premises: { id: 'p', name: 'Shop', address: 'Main', keyholder: null },
  openedAt: iso(0), clearedAt: null, alerts: [alert(`${id}-1`, 0)], cameraIds: [], ...more,
});
const taken = { badge: '417', at: iso(5) };
const ids = (incidents: Incident[]) => alarms(incidents).map((alarm) => alarm.alert.id);

describe('the alert strip', () => {
  it('puts the most urgent first, and the newest first among equals', () => {
    const order = ids([
      incident('alert', { level: 'alert' }),
      incident('staff', { level: 'staffAlert' }),
      incident('older', { alerts: [alert('older-1', 1)] }),
      incident('newer', { alerts: [alert('newer-1', 2)] }),
    ]);
    expect(order).toEqual(['newer-1', 'older-1', 'staff-1', 'alert-1']);
  });

  it('never puts a drill before anything real that waits', () => {
    expect(ids([incident('drill', { drill: true }), incident('real', { level: 'alert' })])).toEqual(['real-1', 'drill-1']);
  });

  it('keeps what was acknowledged until it is cleared, behind what waits', () => {
    const acknowledged = incident('old', { alerts: [alert('old-1', 0, { acknowledged: taken })] });
    const all = alarms([acknowledged, incident('new', { level: 'alert' }), incident('done', { state: 'cleared' })]);
    expect(all.map(({ alert: { id }, waiting }) => [id, waiting])).toEqual([['new-1', true], ['old-1', false]]);
  });

  it('makes a stop at the premises an alarm of its own, before the panic that it ended', () => {
    const stopped = alert('stop', 9, { kind: 'stoppedAtPremises', by: null });
    const all = alarms([incident('i', { alerts: [alert('i-1', 0, { acknowledged: taken }), stopped] })]);
    expect(all.map((alarm) => [levelWord(alarm), alarm.waiting])).toEqual([
      ['Stopped at the premises', true], ['Panic', false],
    ]);
  });

  it('puts a new panic before an older alarm from the premises', () => {
    const unplugged = alert('unplugged', 5, { kind: 'unplugged' });
    const first = incident('first', { alerts: [alert('first-1', 0, { acknowledged: taken }), unplugged] });
    expect(ids([first, incident('second', { alerts: [alert('second-1', 9)] })])[0]).toBe('second-1');
  });

  it('counts the rest by what they are', () => {
    const all = alarms([incident('a'), incident('b'), incident('c', { level: 'alert' })]);
    expect(restInWords(all)).toBe('2 panic, 1 alert');
  });

  it('says kinds of webhooks in words', () => {
    expect(kindWords('gunshotDetected')).toBe('Gunshot detected');
    expect(kindWords('glass-break')).toBe('Glass break');
  });
});
