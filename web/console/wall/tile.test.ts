import { describe, expect, it } from 'vitest';
import type { OperatorCamera, Share, Tile } from '$shared/api/shapes';
import { sizeOf, tileView, type TileFacts } from './tile';

const NOW = Date.parse('2026-11-20T12:00:00.000Z');
const iso = (ms: number) => new Date(ms).toISOString();

const share: Share = {
  id: 'g', premises: { id: 'p', name: 'Shop' }, cameras: [{ id: 'c', name: 'Till' }], agency: { id: 'a', name: 'PD' },
  cause: 'press', state: 'live', askedAt: iso(NOW), liveAt: iso(NOW), endsAt: null, endedAt: null, endCause: null,
  refusal: null, rights: { audio: false, preRoll: false, record: false }, incidentId: 'i', pressId: 'x', renews: false,
};
const camera: OperatorCamera = {
  id: 'c', name: 'Till', premises: { id: 'p', name: 'Shop', kind: 'business' }, availability: 'shared', reason: null,
  hasSub: true, hasAudio: false, incidentId: 'i',
};
const hub: Tile = { wallId: 'w', slot: 0, cameraId: 'c', state: 'live', since: iso(NOW - 60_000), reason: null, viewingId: 'v' };
const facts: TileFacts = {
  cameraId: 'c', visible: true, since: NOW - 60_000, lastFrameAt: NOW - 40, hub, share, camera, problem: null, linkUp: true,
};
const say = (change: Partial<TileFacts>) => tileView({ ...facts, ...change }, NOW);

describe('a tile', () => {
  it('is live only while frames arrive', () => {
    expect(say({})).toMatchObject({ phase: 'live', picture: 'live' });
    expect(say({ lastFrameAt: NOW - 999 }).picture).toBe('live');
    expect(say({ lastFrameAt: NOW - 1_001 })).toMatchObject({ phase: 'stalled', words: 'Stalled 1 s', picture: 'old' });
  });

  it('is not live because the hub says so', () => {
    expect(say({ lastFrameAt: null, hub })).toMatchObject({ phase: 'connecting', picture: 'none' });
    expect(say({ lastFrameAt: NOW - 4_000, hub })).toMatchObject({ words: 'Stalled 4 s', picture: 'old' });
  });

  it('takes an old picture away in the end', () => {
    expect(say({ lastFrameAt: NOW - 10_000 }).picture).toBe('none');
  });

  it('is black at once when its share ends, and says why, even while frames still arrive', () => {
    const ended = (endCause: Share['endCause']) => say({ share: { ...share, state: 'ended', endCause }, lastFrameAt: NOW });
    expect(ended('revoked')).toMatchObject({ phase: 'ended', words: 'Ended: owner revoked', picture: 'none' });
    expect(ended('expired').words).toBe('Ended: expired');
    expect(ended('stoppedAtPremises').words).toBe('Ended: stopped at the premises');
    expect(ended(null).words).toBe('Ended: no longer shared');
  });

  it('says that the camera is offline, and believes newer frames more than that', () => {
    const gone: Tile = { ...hub, state: 'ended', since: iso(NOW - 5_000) };
    const offline = { ...camera, availability: 'offline' as const, reason: 'no route' };
    expect(say({ hub: gone, camera: offline, lastFrameAt: NOW - 6_000 }).words).toBe('Ended: camera offline');
    expect(say({ hub: gone, camera: offline, lastFrameAt: NOW - 10 }).phase).toBe('live');
  });

  it('ends for a camera that is gone, and comes back with its frames', () => {
    const offline = { ...camera, availability: 'offline' as const, reason: 'no route' };
    expect(say({ camera: offline, lastFrameAt: NOW - 4_000 })).toMatchObject({ words: 'Stalled 4 s', reason: 'no route' });
    expect(say({ camera: offline, lastFrameAt: NOW - 12_000 }).words).toBe('Ended: camera offline');
    expect(say({ camera: offline, lastFrameAt: null, since: NOW - 500 }).phase).toBe('connecting');
    expect(say({ camera: offline, lastFrameAt: null, since: NOW - 5_000 }).words).toBe('Ended: camera offline');
    expect(say({ camera: offline }).phase).toBe('live');
  });

  it('tells a lost connection from a stalled camera', () => {
    expect(say({ linkUp: false, lastFrameAt: NOW - 2_500 })).toMatchObject({ phase: 'reconnecting', picture: 'old' });
    expect(say({ hub: { ...hub, state: 'reconnecting' }, lastFrameAt: NOW - 2_500 }).phase).toBe('reconnecting');
    expect(say({ linkUp: false, lastFrameAt: null }).reason).toContain('media connection');
  });

  it('shows the hub’s refusal in its own words', () => {
    expect(say({ problem: 'This camera is not shared.' })).toMatchObject({
      phase: 'refused', reason: 'This camera is not shared.', picture: 'none',
    });
  });

  it('is paused, without a picture, when nobody can see it', () => {
    expect(say({ visible: false })).toMatchObject({ phase: 'paused', picture: 'none' });
  });
});

it('a tile on the border between large and small does not flap', () => {
  expect(sizeOf(640, 'small')).toBe('small');
  expect(sizeOf(640, 'large')).toBe('large');
  expect(sizeOf(900, 'small')).toBe('large');
});
