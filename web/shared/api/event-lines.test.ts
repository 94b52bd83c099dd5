import { describe, expect, it } from 'vitest';
import { EventLines } from './event-lines';

const STREAM = ': keep-alive\n\nid: 7\nevent: duty\ndata: {"onDuty":2}\n\nid: 8\r\nevent: notice\r\ndata: a\r\ndata: b\r\n\r\n';
const EVENTS = [
  { event: 'duty', data: '{"onDuty":2}', id: '7' },
  { event: 'notice', data: 'a\nb', id: '8' },
];

describe('an event stream', () => {
  it('is read whole', () => {
    expect(new EventLines().push(STREAM)).toEqual(EVENTS);
  });

  it('is read the same however it was cut', () => {
    for (let size = 1; size < 12; size += 1) {
      const lines = new EventLines();
      const pieces = STREAM.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? [];
      expect(pieces.flatMap((piece) => lines.push(piece))).toEqual(EVENTS);
    }
  });

  it('says nothing for a comment', () => {
    expect(new EventLines().push(': hello\n\n')).toEqual([]);
  });
});
