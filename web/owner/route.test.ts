import { expect, it } from 'vitest';
import { routeOf } from './route';

it('finds the one-time token of a sign-in link', () => {
  expect(routeOf('#/enter/abc-DEF_123')).toEqual({ name: 'enter', token: 'abc-DEF_123' });
});

it('takes anything else for home', () => {
  for (const hash of ['', '#', '#/', '#/enter/', '#/enter/a b c d e f', '#/elsewhere']) {
    expect(routeOf(hash)).toEqual({ name: 'home' });
  }
});
