import { describe, expect, it } from 'vitest';
import { FrameGate } from './frames';

describe('frames', () => {
  it('of the camera before are not shown as the new one’s', () => {
    const gate = new FrameGate();
    gate.open(0);
    expect(gate.take({ shownAt: 50, receivedAt: 40 })).toBe(true);
    gate.shut();
    expect(gate.take({ shownAt: 70, receivedAt: 60 })).toBe(false);
    gate.open(100);
    expect(gate.take({ shownAt: 110, receivedAt: 95 })).toBe(false);
    expect(gate.lastFrameAt).toBeNull();
    expect(gate.take({ shownAt: 140, receivedAt: 130 })).toBe(true);
    expect(gate.take({ shownAt: 180, receivedAt: 170 })).toBe(false);
    expect(gate.lastFrameAt).toBe(180);
  });

  it('into an empty slot count even before the hub’s answer has arrived', () => {
    const gate = new FrameGate();
    gate.open(10);
    expect(gate.take({ shownAt: 30, receivedAt: 20 })).toBe(true);
    gate.open(40);
    expect(gate.lastFrameAt).toBe(30);
  });

  it('without a time of receipt are judged by when they were shown', () => {
    const gate = new FrameGate();
    gate.shut();
    gate.open(100);
    expect(gate.take({ shownAt: 99, receivedAt: null })).toBe(false);
    expect(gate.take({ shownAt: 101, receivedAt: null })).toBe(true);
  });
});
