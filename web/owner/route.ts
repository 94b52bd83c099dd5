// The few addresses inside the page, all behind the #, which never reaches a server or its logs.

export type Route = { name: 'home' } | { name: 'enter'; token: string };

export function routeOf(hash: string): Route {
  const token = /^#(?:link=|\/enter\/)([\w-]{8,256})$/.exec(hash)?.[1];
  return token ? { name: 'enter', token } : { name: 'home' };
}
