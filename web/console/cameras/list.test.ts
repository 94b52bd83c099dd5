import { describe, expect, it } from 'vitest';
import type { Availability, OperatorCamera } from '$shared/api/shapes';
import { groups, line } from './list';

const camera = (id: string, premises: string, availability: Availability, reason: string | null = null): OperatorCamera => ({
  id, name: id, premises: { id: premises, name: premises, kind: 'business' }, availability, reason, hasSub: true,
  hasAudio: false, incidentId: null,
});

describe('the camera list', () => {
  it('gives technical reasons, and none for a camera that is not shared', () => {
    expect(line(camera('a', 'p', 'wrongPassword', 'It refuses the password.'))).toMatchObject({
      words: 'Wrong password', reason: 'It refuses the password.', open: false,
    });
    expect(line(camera('a', 'p', 'notShared', 'the owner paused it'))).toMatchObject({ words: 'Not shared', reason: null });
  });

  it('puts what is shared first', () => {
    const all = groups([camera('x', 'Alpha', 'notShared'), camera('2', 'Beta', 'offline'), camera('10', 'Beta', 'shared')], '');
    expect(all.map((group) => group.premises.name)).toEqual(['Beta', 'Alpha']);
    expect(all[0]?.lines.map((found) => found.camera.id)).toEqual(['10', '2']);
  });

  it('finds every word, in names, premises and states', () => {
    const all = [camera('Till', 'Corner shop', 'shared'), camera('Door', 'School', 'offline')];
    expect(groups(all, 'corner till')).toHaveLength(1);
    expect(groups(all, 'offline')[0]?.lines[0]?.camera.name).toBe('Door');
    expect(groups(all, 'corner door')).toHaveLength(0);
  });
});
