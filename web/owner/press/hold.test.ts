import { describe, expect, it } from 'vitest';
import { answer, ask, CONFIRM_WITHIN_MS, down, filled, HOLD_MS, idle, tick, up } from './hold';

describe('a hold', () => {
  it('counts after a second and a half', () => {
    const holding = down(idle, 1_000);
    expect(tick(holding, 1_000 + HOLD_MS - 1).state).toBe('holding');
    expect(tick(holding, 1_000 + HOLD_MS).state).toBe('held');
  });

  it('that is let go early was nothing', () => {
    expect(up(down(idle, 0))).toEqual(idle);
  });

  it('fills while it is held', () => {
    expect(filled(idle, 0)).toBe(0);
    expect(filled(down(idle, 0), HOLD_MS / 2)).toBeCloseTo(0.5);
    expect(filled(down(idle, 0), HOLD_MS * 9)).toBe(1);
  });

  it('is not restarted by a second finger', () => {
    const holding = down(idle, 0);
    expect(down(holding, 900)).toBe(holding);
  });
});

describe('whoever cannot hold', () => {
  it('is asked, and counts with a yes', () => {
    const asked = ask(idle, 0);
    expect(asked.state).toBe('confirming');
    expect(answer(asked, true).state).toBe('held');
    expect(answer(asked, false)).toEqual(idle);
  });

  it('is not asked for ever', () => {
    expect(tick(ask(idle, 0), CONFIRM_WITHIN_MS)).toEqual(idle);
  });

  it('cannot answer a question that was not asked', () => {
    expect(answer(idle, true)).toEqual(idle);
  });
});
