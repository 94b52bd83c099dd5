import { afterEach, describe, expect, it, vi } from 'vitest';
import { SessionHolder, takeToken } from './session.svelte';

const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/problem+json' } });
const me = { id: 'o', name: 'R. Salazar', role: 'operator', badge: '417', agency: null, passkeys: 0 };

describe('the way in', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('by a one-time link leaves the link neither in the address nor in the history', async () => {
    const sent: unknown[] = [];
    vi.stubGlobal('fetch', (path: string, init: RequestInit) => (sent.push([path, init.body]), Promise.resolve(json(200, { me }))));
    location.hash = '#link=abcdefgh1234';
    const session = new SessionHolder();
    await session.begin();
    expect(sent).toEqual([['/api/session/link', '{"token":"abcdefgh1234"}']]);
    expect(location.hash).toBe('');
    expect(session.now.state).toBe('needsPasskey');
  });

  it('says in the hub’s words why a link does not work', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(json(410, { type: 'urn:assent:problem:link-used', detail: 'This sign-in link was used already.' })));
    location.hash = '#/enter/abcdefgh1234';
    const session = new SessionHolder();
    await session.begin();
    expect(session.now).toEqual({ state: 'signedOut', problem: 'This sign-in link was used already.' });
  });

  it('asks nobody to explain why they are not signed in yet', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(json(401, { type: 'urn:assent:problem:signed-out' })));
    const session = new SessionHolder();
    await session.begin();
    expect(session.now).toEqual({ state: 'signedOut', problem: null });
  });

  it('is closed to owners here', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(json(200, { ...me, role: 'owner' })));
    const session = new SessionHolder();
    await session.begin();
    expect(session.now.state).toBe('wrongPage');
  });

  it('takes nothing that is no token', () => {
    location.hash = '#/enter/<script>';
    expect(takeToken()).toBeNull();
    expect(location.hash).toBe('');
  });
});
