/** Finds the route of a request by its path as it came. A key is one segment; a slash in it is written %2F. */

import type { Bytes } from '@ringkeep/shared';
import { HttpFault } from '../http-fault';
import { base64UrlDecoded, percentDecoded } from '../request/target';
import type { Route } from './asked';

export interface Found {
  readonly route: Route;
  readonly key: Bytes | undefined;
}

interface Place {
  readonly pattern: readonly string[];
  /** Which segment is the key. */
  readonly keyAt: number;
  readonly keyIsBase64: boolean;
  readonly routes: Map<string, Route>;
}

export class Router {
  private readonly places: readonly Place[];

  constructor(routes: readonly Route[]) {
    const places = new Map<string, Place>();
    for (const route of routes) {
      const pattern = route.path.slice(1).split('/');
      const known = places.get(route.path);
      const place = known ?? {
        pattern,
        keyAt: pattern.indexOf('{key}'),
        keyIsBase64: pattern[1] === 'keys64',
        routes: new Map<string, Route>(),
      };
      place.routes.set(route.method, route);
      places.set(route.path, place);
    }
    this.places = [...places.values()];
  }

  /** Throws a fault: 400, 404 or 405. */
  find(method: string, segments: readonly string[]): Found {
    const place = this.placeOf(segments);
    const { routes, keyAt, keyIsBase64 } = place;
    const route = routes.get(method === 'HEAD' ? 'GET' : method);
    if (route === undefined)
      throw new HttpFault(405, `${method} is not done here; there are ${methodsOf(place).join(', ')}`, {
        headers: ['Allow', methodsOf(place).join(', ')],
      });
    if (keyAt < 0) return { route, key: undefined };
    const segment = segments[keyAt] as string;
    return {
      route,
      key: keyIsBase64 ? base64UrlDecoded(segment, 'the key') : percentDecoded(segment, 'the key'),
    };
  }

  /** Throws a fault, 404. */
  methodsAt(segments: readonly string[]): readonly string[] {
    return methodsOf(this.placeOf(segments));
  }

  private placeOf(segments: readonly string[]): Place {
    for (const place of this.places) if (fits(place, segments)) return place;
    const isOfKey = segments[0] === 'v1' && (segments[1] === 'keys' || segments[1] === 'keys64');
    throw new HttpFault(
      404,
      isOfKey
        ? 'there is nothing here; a key is one segment of the path: write a slash in it as %2F, or use /v1/keys64/'
        : 'there is nothing here; /openapi.json says what there is',
    );
  }
}

function fits({ pattern, keyAt }: Place, segments: readonly string[]): boolean {
  if (pattern.length !== segments.length) return false;
  for (let i = 0; i < pattern.length; i++) if (i !== keyAt && pattern[i] !== segments[i]) return false;
  return true;
}

function methodsOf({ routes }: Place): readonly string[] {
  const methods = [...routes.keys()].sort();
  return routes.has('GET') ? [...methods, 'HEAD', 'OPTIONS'] : [...methods, 'OPTIONS'];
}
