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

it('knows the ways to what is signed, and reads none of their secrets', () => {
  expect(routeOf('#p=abc.def')).toEqual({ name: 'pair', fragment: '#p=abc.def' });
  expect(routeOf('#i=abc')).toEqual({ name: 'join', fragment: '#i=abc' });
  expect(routeOf('#k=abc')).toEqual({ name: 'admit', fragment: '#k=abc' });
  expect(routeOf('#rules/5b0d2f9e-0c1a')).toEqual({ name: 'rules', premisesId: '5b0d2f9e-0c1a' });
  expect(routeOf('#people/5b0d2f9e-0c1a')).toEqual({ name: 'people', premisesId: '5b0d2f9e-0c1a' });
  expect(routeOf('#rules/')).toEqual({ name: 'home' });
});
