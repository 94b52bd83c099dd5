import { describe, expect, it } from 'vitest';
import type { Incident, Share } from '$shared/api/shapes';
import { endsAt, shareOf, timeline } from './timeline';

const T0 = Date.parse('2026-11-20T12:00:00.000Z');
const iso = (second: number) => new Date(T0 + second * 1_000).toISOString();

const share = (id: string, more: Partial<Share> = {}): Share => ({
  id, premises: { id: 'p', name: 'Shop' }, cameras: [{ id: 'c', name: 'Till' }], agency: { id: 'a', name: 'PD' },
  cause: 'press', state: 'live', askedAt: iso(0), liveAt: iso(1), endsAt: iso(600), endedAt: null, endCause: null,
  refusal: null, rights: { audio: false, preRoll: false, record: false }, incidentId: 'i', pressId: 'x', renews: false,
  ...more,
});
const incident: Incident = {
  id: 'i', state: 'cleared', level: 'panic', drill: false, silent: false, clearedAt: iso(90), openedAt: iso(0),
  premises: { id: 'p', name: 'Shop', address: 'Main', keyholder: null }, cameraIds: ['c'],
  alerts: [{
    id: 'al', kind: 'press', raisedAt: iso(0), ageMs: 0, by: 'Ada', callBack: null, note: null, place: null,
    acknowledged: { badge: '417', at: iso(8) }, answer: 'opened',
  }],
};

describe('an incident', () => {
  it('is told in order, newest first, with who did what', () => {
    const ended = share('s', { state: 'ended', endedAt: iso(90), endCause: 'cleared' });
    expect(timeline(incident, [ended]).map((moment) => moment.text)).toEqual([
      'Ended, incident cleared: Till', 'Incident cleared', 'Acknowledged by 417', 'Shared: Till', 'Pressed on a phone by Ada',
    ]);
  });

  it('counts on the live share of a camera even when another one ended later', () => {
    const ended = share('old', { state: 'ended', endedAt: iso(300), endCause: 'expired' });
    expect(shareOf('c', [ended, share('live')])?.id).toBe('live');
    expect(shareOf('c', [share('first', { state: 'ended', endedAt: iso(1) }), ended])?.id).toBe('old');
  });

  it('ends with the last of two shares, and a standing one has no end to count down to', () => {
    expect(endsAt('c', [share('a'), share('b', { endsAt: iso(900) })])).toBe(iso(900));
    expect(endsAt('c', [share('a'), share('b', { renews: true })])).toBeNull();
  });
});
