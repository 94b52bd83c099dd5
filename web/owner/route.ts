// The few addresses inside the page, all behind the #, which never reaches a server or its logs.

export type Route =
  | { name: 'home' }
  | { name: 'enter'; token: string }
  /** From the QR code on a device. The secret in it is read only by the part that pairs. */
  | { name: 'pair'; fragment: string }
  /** An owner's invitation to this phone, or the answer of a phone that was invited. */
  | { name: 'join'; fragment: string }
  | { name: 'admit'; fragment: string }
  | { name: 'rules'; premisesId: string }
  | { name: 'people'; premisesId: string };

const BEGINS = { p: 'pair', i: 'join', k: 'admit' } as const;

export function routeOf(hash: string): Route {
  const token = /^#(?:link=|\/enter\/)([\w-]{8,256})$/.exec(hash)?.[1];
  if (token) return { name: 'enter', token };
  const [, begins] = /^#([pik])=/.exec(hash) ?? [];
  if (begins) return { name: BEGINS[begins as keyof typeof BEGINS], fragment: hash };
  const [, name, premisesId] = /^#(rules|people)\/([\w-]{1,64})$/.exec(hash) ?? [];
  return name && premisesId ? { name: name as 'rules' | 'people', premisesId } : { name: 'home' };
}
