import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MediaLink, type LinkState, type Peer } from './link';

class FakePeer implements Peer {
  connectionState: RTCPeerConnectionState = 'new';
  onchange: (() => void) | null = null;
  closed = false;
  answered: string | null = null;
  offer = () => Promise.resolve('offer');
  answer = (sdp: string) => {
    this.answered = sdp;
    return Promise.resolve();
  };
  close = () => {
    this.closed = true;
  };
  become(state: RTCPeerConnectionState) {
    this.connectionState = state;
    this.onchange?.();
  }
}

function started(open: () => Promise<string> = () => Promise.resolve('answer')) {
  const peers: FakePeer[] = [];
  const states: LinkState[] = [];
  const left: string[] = [];
  const link = new MediaLink<FakePeer>('wall-1', {
    peer: () => peers[peers.push(new FakePeer()) - 1]!,
    open,
    leave: (wallId) => left.push(wallId),
    now: () => Date.now(),
    sentence: () => 'no',
    changed: (state) => states.push(state),
  });
  link.open();
  return { link, peers, states, left };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

describe('the media connection', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('is up when the hub has answered and packets can flow', async () => {
    const { link, peers } = started();
    await settle();
    expect(peers[0]!.answered).toBe('answer');
    expect(link.state.state).toBe('opening');
    peers[0]!.become('connected');
    expect(link.state).toEqual({ state: 'up', wallId: 'wall-1' });
  });

  it('opens the same wall again when it fails, and closes the old connection', async () => {
    const { link, peers } = started();
    await settle();
    peers[0]!.become('connected');
    peers[0]!.become('failed');
    expect(link.state.state).toBe('waiting');
    expect(peers[0]!.closed).toBe(true);
    await vi.advanceTimersByTimeAsync(250);
    peers[1]!.become('connected');
    expect(link.state).toEqual({ state: 'up', wallId: 'wall-1' });
  });

  it('gives a short interruption the time to heal', async () => {
    const { link, peers } = started();
    await settle();
    peers[0]!.become('connected');
    peers[0]!.become('disconnected');
    await vi.advanceTimersByTimeAsync(1_000);
    peers[0]!.become('connected');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(link.state).toEqual({ state: 'up', wallId: 'wall-1' });
  });

  it('keeps trying a dead hub, ever more slowly, and never faster than its bound', async () => {
    const { peers } = started(() => Promise.reject(new Error('down')));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(peers.length).toBeGreaterThan(8);
    expect(peers.length).toBeLessThan(25);
    expect(peers.slice(0, -1).every((peer) => peer.closed)).toBe(true);
  });

  it('does not wait for ever for an answer or a path', async () => {
    const { link, peers } = started(() => new Promise(() => {}));
    await vi.advanceTimersByTimeAsync(6_000);
    expect(link.state.state).toBe('waiting');
    expect(peers[0]!.closed).toBe(true);
  });

  it('ignores a late answer to an attempt that was given up', async () => {
    let answer: (sdp: string) => void = () => {};
    const { peers } = started(() => new Promise((resolve) => (answer = resolve)));
    await vi.advanceTimersByTimeAsync(6_000);
    answer('late');
    await settle();
    expect(peers[0]!.answered).toBeNull();
  });

  it('leaves when the operator signs out, and stays away', async () => {
    const { link, peers, left } = started();
    await settle();
    peers[0]!.become('connected');
    link.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(left).toEqual(['wall-1']);
    expect(peers).toHaveLength(1);
    expect(link.state.state).toBe('idle');
  });
});
