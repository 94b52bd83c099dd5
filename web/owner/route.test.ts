import { expect, it } from 'vitest';
import { routeOf } from './route';

it('finds the one-time token of a sign-in link', () => {
  for (const hash of ['#link=abc-DEF_123', '#/enter/abc-DEF_123']) {
    expect(routeOf(hash)).toEqual({ name: 'enter', token: 'abc-DEF_123' });
  }
});

it('takes anything else for home', () => {
  for (const hash of ['', '#', '#/', '#/enter/', '#link=', '#/enter/a b c d e f', '#/elsewhere']) {
    expect(routeOf(hash)).toEqual({ name: 'home' });
  }
});
