import { describe, expect, it } from 'vitest';
import type { Revoke, Share } from '$shared/api/shapes';
import type { KeptRevoke } from '../keep/kept';
import type { Item } from '../keep/outbox';
import type { PressView } from '../press/progress';
import { anythingToStop, stopAll, stopBlindly, stopTruth } from './shared';

const share = (id: string, state: Share['state'], premises = 'shop', pressId: string | null = null) =>
  ({ id, state, pressId, premises: { id: premises, name: premises } }) as Share;
const press = (id: string, phase: PressView['phase'], by: PressView['by'] = null) => ({ id, phase, by }) as PressView;

function stop(id: string, state: Item['state'], answer: Revoke['state'] | null, madeAt = 5): Item {
  const kept: KeptRevoke = { kind: 'revoke', id, personId: 'rosa', scope: { premisesId: 'shop' }, reason: 'owner', madeAt };
  const said = answer ? { id, state: answer, stopped: ['g1'], confirmedAt: null, refusal: null } : null;
  return { kept, onDisk: true, state, attempts: 1, problem: null, answer: said };
}

describe('STOP', () => {
  it('is offered while anything is live, asked, or on its way', () => {
    expect(anythingToStop([], [])).toBe(false);
    expect(anythingToStop([], [share('g1', 'ended')])).toBe(false);
    expect(anythingToStop([], [share('g1', 'asked')])).toBe(true);
    expect(anythingToStop([press('p1', 'underway')], [])).toBe(true);
    expect(anythingToStop([press('p1', 'message')], [])).toBe(false);
  });

  it('stops each premises once and withdraws what waits on the phone', () => {
    const shares = [share('g1', 'live'), share('g2', 'live'), share('g3', 'asked', 'school')];
    const { scopes, withdraw } = stopAll([press('p1', 'underway'), press('p2', 'tooOld')], shares);
    expect(scopes).toEqual([{ premisesId: 'shop' }, { premisesId: 'school' }, { pressId: 'p1' }, { pressId: 'p2' }]);
    expect(withdraw).toEqual(['p1', 'p2']);
  });

  it('stops a co-owner’s press, but withdraws only this phone’s own', () => {
    const { scopes, withdraw } = stopAll([press('p9', 'underway', { id: 'sam', name: 'Sam' })], []);
    expect(scopes).toEqual([{ pressId: 'p9' }]);
    expect(withdraw).toEqual([]);
  });
});

describe('STOP without a word from the hub', () => {
  it('ends whatever there may be at every premises, and what waits here', () => {
    const { scopes, withdraw } = stopBlindly([press('p1', 'underway')], [{ id: 'shop' }]);
    expect(scopes).toEqual([{ premisesId: 'shop' }, { pressId: 'p1' }]);
    expect(withdraw).toEqual(['p1']);
  });
});

describe('what is said of a stop', () => {
  it('is nothing when there was none', () => {
    expect(stopTruth([])).toBeNull();
  });

  it('says when a device did not take the signature, though the share has ended', () => {
    const item = stop('s1', 'delivered', 'confirmed');
    const refused = { ...item, answer: { ...(item.answer as Revoke), refusal: 'Your device does not know this phone.' } };
    expect(stopTruth([stop('s0', 'delivered', 'confirmed'), refused])).toMatchObject({ state: 'confirmed', unsigned: 'Your device does not know this phone.' });
  });

  it('goes from kept to received to confirmed', () => {
    expect(stopTruth([stop('s1', 'waiting', null)])?.state).toBe('kept');
    expect(stopTruth([stop('s1', 'sending', null)])?.state).toBe('kept');
    expect(stopTruth([stop('s1', 'received', 'received')])?.state).toBe('received');
    expect(stopTruth([stop('s1', 'sending', 'received')])?.state).toBe('received');
    expect(stopTruth([stop('s1', 'delivered', 'confirmed')])).toEqual({ state: 'confirmed', at: 5, stopped: 1, unsigned: null });
  });

  it('is as far as the slowest of the stops made by one tap', () => {
    expect(stopTruth([stop('s1', 'delivered', 'confirmed'), stop('s2', 'received', 'received')])?.state).toBe('received');
    expect(stopTruth([stop('s0', 'waiting', null, 1), stop('s1', 'delivered', 'confirmed')])?.state).toBe('confirmed');
  });

  it('says a refusal', () => {
    expect(stopTruth([stop('s1', 'refused', null)])?.state).toBe('refused');
  });
});
