import { describe, expect, it } from 'vitest';
import type { Press, Share } from '$shared/api/shapes';
import type { KeptPress } from '../keep/kept';
import type { Item } from '../keep/outbox';
import { headlineOf } from './headline';
import { pressViews, type Stage } from './progress';

const NOON = Date.parse('2026-11-20T12:00:00.000Z');
const time = (seconds: number) => new Date(NOON + seconds * 1_000).toISOString();

const kept: KeptPress = {
  ...{ kind: 'press', id: 'p1', personId: 'rosa', premisesId: 'shop', level: 'panic' },
  ...{ silent: false, drill: false, madeAt: NOON },
};
const waiting: Item = { kept, onDisk: true, state: 'waiting', attempts: 3, problem: 'The hub could not be reached.', answer: null };
const received: Press = {
  ...{ id: 'p1', premisesId: 'shop', state: 'received', level: 'panic', silent: false, drill: false },
  ...{ by: { id: 'rosa', name: 'Rosa' }, receivedAt: time(1), openedAt: null, onWallAt: null, acknowledged: null },
  ...{ cancellableUntil: time(6), shareIds: ['g1'], refusal: null, signFor: [] },
};
const live = { id: 'g1', pressId: 'p1', state: 'live', liveAt: time(2) } as Share;

function one(items: Item[], presses: Press[], shares: Share[], seconds = 10) {
  const [view] = pressViews(items, presses, shares, 'rosa', NOON + seconds * 1_000);
  if (!view) throw new Error('no press');
  return view;
}

function reached(...from: Parameters<typeof one>): Stage[] {
  return one(...from).steps.flatMap(({ stage, at }) => (at === null ? [] : [stage]));
}

describe('the progress of a press', () => {
  it('never says that pictures are shown while the device is cut off', () => {
    const shown = { ...received, state: 'opened', openedAt: time(2), onWallAt: time(3) } as const;
    expect(headlineOf(one([], [shown], [live])).tone).toBe('live');
    expect(headlineOf(one([], [shown], [live]), true)).toMatchObject({ title: 'Your device is cut off', tone: 'problem' });
    expect(headlineOf(one([waiting], [], []), true).title).toBe('Kept on this phone');
  });

  it('is only kept while the hub has said nothing', () => {
    expect(reached([waiting], [], [])).toEqual(['kept']);
    expect(one([waiting], [], [])).toMatchObject({ phase: 'underway', problem: 'The hub could not be reached.' });
  });

  it('does not even say kept when the phone could not store it', () => {
    expect(reached([{ ...waiting, onDisk: false }], [], [])).toEqual([]);
  });

  it('becomes too old on the phone after two minutes', () => {
    expect(one([waiting], [], [], 121).phase).toBe('tooOld');
  });

  it('takes the hub’s answer before the stream tells of it', () => {
    expect(reached([{ ...waiting, state: 'delivered', answer: received }], [], [])).toEqual(['kept', 'received']);
  });

  it('is live by the share’s own fact', () => {
    expect(reached([], [received], [])).toEqual(['received']);
    expect(reached([], [received], [live])).toEqual(['received', 'live']);
  });

  it('on the wall is not acknowledged', () => {
    const onWall: Press = { ...received, state: 'opened', onWallAt: time(3) };
    expect(reached([], [onWall], [live])).toEqual(['received', 'live', 'onWall']);
    expect(one([], [onWall], [live]).badge).toBeNull();
    const taken: Press = { ...onWall, acknowledged: { badge: '417', at: time(9) } };
    expect(reached([], [taken], [live])).toContain('acknowledged');
    expect(one([], [taken], [live]).badge).toBe('417');
  });

  it('ends with the last of its shares', () => {
    const two: Press = { ...received, state: 'opened', openedAt: time(2), shareIds: ['g1', 'g2'] };
    const over = { ...live, state: 'ended' } as Share;
    expect(one([], [two], [over, { ...live, id: 'g2' }]).phase).toBe('underway');
    expect(one([], [two], [over, { ...over, id: 'g2' }]).phase).toBe('ended');
  });

  it('as a message opens nothing and is over', () => {
    expect(one([], [{ ...received, state: 'message' }], []).phase).toBe('message');
  });

  it('of a co-owner names the co-owner', () => {
    const sam = { id: 'sam', name: 'Sam' };
    expect(one([], [{ ...received, by: sam }], []).by).toEqual(sam);
    expect(one([], [received], []).by).toBeNull();
  });

  it('of the button at the premises is nobody’s', () => {
    expect(one([], [{ ...received, by: null }], []).by).toBe('button');
  });

  it('is one press, whether kept, answered or streamed', () => {
    const delivered: Item = { ...waiting, state: 'delivered', answer: received };
    expect(pressViews([delivered], [received], [live], 'rosa', NOON)).toHaveLength(1);
  });
});

describe('a press whose share is not listed', () => {
  const opened: Press = { ...received, state: 'opened', openedAt: time(2) };

  it('is under way until the stream had its chance to tell', () => {
    expect(one([], [opened], [], 4).phase).toBe('underway');
  });

  it('is over when the share has long gone from the list', () => {
    expect(one([], [opened], [], 3_600).phase).toBe('ended');
  });
});
