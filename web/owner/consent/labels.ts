// What cameras, agencies, kinds of alert and rights are called inside a sentence that is signed. A name comes from
// people, so it is used only where it can be mistaken for nothing else; otherwise the number or the key stands there.
import type { Rights } from './objects';

/** Kinds of alert that have words of their own; any other is quoted as it stands. */
export const ALERT_WORDS: Readonly<Record<string, string>> = {
  fire: 'fire alarm',
  glassBreak: 'glass break alarm',
  gunshot: 'gunshot alarm',
  intrusion: 'intrusion alarm',
  panel: 'alarm panel',
};

/** Rights beyond the live picture, in their own words. Moments before are said with their length. */
export const RIGHT_WORDS: readonly (readonly [Exclude<keyof Rights, 'live' | 'preRoll'>, string])[] = [
  ['audio', 'with sound'],
  ['ptz', 'they may move the camera'],
  ['record', 'they may record'],
  ['forward', 'they may pass it on to others'],
];

/** By number of a camera, or by hex of an agency's id. */
export type Names = ReadonlyMap<string, string>;

export interface Labels {
  of(key: string): string;
  /** The key that a label stands for; `undefined` for what is no label here. */
  key(label: string): string | undefined;
}

export function labels(what: 'camera' | 'agency', names: Names): Labels {
  const folded = (name: string) => name.normalize('NFKC').toLowerCase();
  const twice = (name: string) => [...names.values()].filter((other) => folded(other) === folded(name)).length > 1;
  const of = (key: string) => {
    const name = names.get(key);
    return name !== undefined && isPlain(name) && !twice(name) ? name : `${what} ${key}`;
  };
  const known = new Map([...names.keys()].map((key) => [of(key), key]));
  const nameless = new RegExp(`^${what} (\\w+)$`);
  return {
    of,
    key: (label) => known.get(label) ?? nameless.exec(label)?.[1],
  };
}

/** Letters, digits and a few marks; nothing that separates, points elsewhere, or cannot be seen. */
function isPlain(name: string): boolean {
  const written = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}'’&#/_.()+-]*(?: [\p{L}\p{M}\p{N}'’&#/_.()+-]+)*$/u.test(name);
  return written && !/\p{DI}|^(?:camera|agency) |’s |(?:^| )(?:and|or|only)(?: |$)/iu.test(name) && name === name.normalize('NFC');
}
