import { describe, expect, it } from 'vitest';
import { ago, countdown, day, length } from './time';

describe('times as people say them', () => {
  it('counts down and never below zero', () => {
    expect(countdown(461_000)).toBe('07:41');
    expect(countdown(3_600_000 + 461_000)).toBe('1:07:41');
    expect(countdown(400)).toBe('00:01');
    expect(countdown(-5)).toBe('00:00');
  });

  it('says lengths in the largest useful unit', () => {
    expect(length(4_200)).toBe('4 s');
    expect(length(185_000)).toBe('3 min');
    expect(length(7_500_000)).toBe('2 h 5 min');
    expect(length(90_000_000)).toBe('1 day');
  });

  it('says what has just happened without a number', () => {
    const now = Date.parse('2026-11-20T12:00:00.000Z');
    expect(ago('2026-11-20T11:59:59.200Z', now)).toBe('just now');
    expect(ago('2026-11-20T11:59:40.000Z', now)).toBe('20 s ago');
  });

  it('names the last two days', () => {
    const now = new Date(2026, 10, 20, 12).getTime();
    expect(day(new Date(2026, 10, 20, 1).getTime(), now)).toBe('today');
    expect(day(new Date(2026, 10, 19, 23).getTime(), now)).toBe('yesterday');
  });
});
