import { beforeEach, describe, expect, it, vi } from 'vitest';
import { SlotMedia } from './slot.svelte';
import { NOTHING, type Wish } from './tiles';

type OnFrame = (now: number, frame: { receiveTime?: number; expectedDisplayTime: number }) => void;

/** As much of a video element as a slot touches; a frame is made to arrive by `frame`. */
function screen() {
  let next: OnFrame = () => {};
  const video = {
    srcObject: null as unknown,
    play: () => Promise.resolve(),
    requestVideoFrameCallback: (callback: OnFrame) => ((next = callback), 1),
    cancelVideoFrameCallback: () => {},
  };
  const frame = (receiveTime: number) => next(0, { receiveTime, expectedDisplayTime: receiveTime + 20 });
  return { video, frame };
}

const show = (cameraId: string): Wish => ({ ...NOTHING, cameraId, visible: true });

function started() {
  const slot = new SlotMedia(0);
  const { video, frame } = screen();
  slot.attach(video as unknown as HTMLVideoElement);
  slot.bring({ kind: 'video' } as MediaStreamTrack);
  return { slot, video, frame };
}

describe('a slot', () => {
  beforeEach(() => {
    performance.clearMarks();
    vi.stubGlobal('MediaStream', class {
      constructor(private readonly tracks: unknown[]) {}
      getVideoTracks = () => this.tracks;
    });
  });

  it('has a picture when a frame was really shown, and marks it', () => {
    const { slot, frame } = started();
    slot.wanted(show('a'));
    slot.asking(show('a'), NOTHING);
    expect(slot.lastFrameAt(Date.now())).toBeNull();
    frame(performance.now() + 1);
    expect(slot.seen).toBe(true);
    expect(slot.lastFrameAt(10_000)).toBeGreaterThan(9_900);
    expect(performance.getEntriesByName('tile:first-frame')).toHaveLength(1);
  });

  it('forgets its last frame at once when the share ends', () => {
    const { slot, video, frame } = started();
    slot.wanted(show('a'));
    slot.asking(show('a'), NOTHING);
    frame(performance.now() + 1);
    slot.wanted(NOTHING);
    expect(slot.seen).toBe(false);
    expect(video.srcObject).toBeNull();
    expect(performance.getEntriesByName('tile:black')).toHaveLength(1);
    frame(performance.now() + 1);
    expect(slot.seen).toBe(false);
  });

  it('never shows the camera before under the new one’s name', () => {
    const { slot, frame } = started();
    slot.wanted(show('a'));
    slot.asking(show('a'), NOTHING);
    frame(performance.now() + 1);
    slot.wanted(show('b'));
    slot.asking(show('b'), show('a'));
    frame(performance.now() + 1);
    expect(slot.seen).toBe(false);
    slot.answered(show('b'));
    frame(performance.now() + 1);
    expect(slot.seen).toBe(true);
  });

  it('keeps what the hub refused for this camera only', () => {
    const { slot } = started();
    slot.wanted(show('a'));
    slot.refused(show('a'), 'Not shared.');
    expect(slot.problem).toBe('Not shared.');
    slot.wanted(show('b'));
    expect(slot.problem).toBeNull();
  });
});
