import { describe, expect, it } from 'vitest';
import { ACTIONS, actionOf, GROUPS, keyCap, parseKeys, STANDARD_KEYS } from './map';

const press = (key: string, more: Partial<Parameters<typeof actionOf>[0]> = {}) => ({
  key, ctrlKey: false, altKey: false, metaKey: false, repeat: false, ...more,
});

describe('keys', () => {
  it('acknowledge with A, also with caps lock, and never with a browser shortcut', () => {
    expect(actionOf(press('a'))).toBe('acknowledge');
    expect(actionOf(press('A'))).toBe('acknowledge');
    expect(actionOf(press('a', { ctrlKey: true }))).toBeNull();
  });

  it('acknowledge once when the key is held, but let arrows repeat', () => {
    expect(actionOf(press('a', { repeat: true }))).toBeNull();
    expect(actionOf(press('ArrowLeft', { repeat: true }))).toBe('left');
  });

  it('are listed in help, all but the arrows', () => {
    const listed = GROUPS.flatMap((group) => group.keys.map(([action]) => action));
    const arrows = ['left', 'right', 'up', 'down'];
    expect([...listed, ...arrows].sort()).toEqual([...ACTIONS].sort());
  });

  it('can be changed, but not so that one key does two things', () => {
    expect(parseKeys('{"acknowledge":"q"}').acknowledge).toBe('q');
    expect(parseKeys('{"acknowledge":"c"}')).toBe(STANDARD_KEYS);
    expect(parseKeys('nonsense')).toBe(STANDARD_KEYS);
  });

  it('are written as on a keyboard', () => {
    expect(['a', 'Escape', 'ArrowUp', '?'].map(keyCap)).toEqual(['A', 'Esc', '↑', '?']);
  });
});
