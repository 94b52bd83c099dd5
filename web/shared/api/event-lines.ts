// Reads the text of a server-sent event stream (HTML standard, section 9.2.6) piece by piece. Pure: bytes and
// connections are the business of stream.svelte.ts.

export interface StreamEvent {
  event: string;
  data: string;
  id: string | null;
}

/** Larger than any section of a city; past it the stream is not one of ours. */
const LONGEST_EVENT_CHARS = 8 * 1024 * 1024;

export class EventLines {
  #rest = '';
  #event = '';
  #data: string[] = [];
  #id: string | null = null;

  /** Takes the next piece of text; returns the events that it completes. */
  push(text: string): StreamEvent[] {
    this.#rest += text;
    if (this.#rest.length > LONGEST_EVENT_CHARS) throw new RangeError('an event is too long');
    const lines = this.#rest.split(/\r\n|\n|\r(?=.)/s);
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line) ?? []);
  }

  #line(line: string): StreamEvent | null {
    if (line === '') return this.#complete();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#event = value;
    if (field === 'data') this.#data.push(value);
    if (field === 'id' && !value.includes('\0')) this.#id = value;
    return null;
  }

  #complete(): StreamEvent | null {
    const complete = { event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id };
    const empty = this.#data.length === 0;
    this.#event = '';
    this.#data = [];
    return empty ? null : complete;
  }
}
