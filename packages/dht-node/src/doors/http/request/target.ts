/**
 * A request target, split and decoded as it came. URL parsers drop `%2e%2e`, and routers decode `%2F` before they look
 * for slashes; here a segment is what stands between two slashes of the target itself, and any bytes may be in it.
 */

import type { Bytes } from '@ringkeep/shared';
import { quoted } from '@ringkeep/shared/ring/excerpt';
import { malformed } from '../http-fault';
import { QUERY_PARAMETERS_MAX } from '../limits';

export interface Target {
  /** As they came, between the slashes. */
  readonly segments: readonly string[];
  readonly query: Query;
  /** Of a target that names its server (RFC 9112, section 3.2.2), which then counts instead of the header Host. */
  readonly authority: string | undefined;
}

/** Throws a fault, 400. `raw`: one character for each byte. */
export function parseTarget(raw: string): Target {
  const { authority, rest } = raw.startsWith('/') ? { authority: undefined, rest: raw } : split(raw);
  const hash = rest.indexOf('#');
  if (hash >= 0)
    throw malformed('the target has a #, which is for the reader of an answer; write %23 for one');
  const mark = rest.indexOf('?');
  const path = mark < 0 ? rest : rest.slice(0, mark);
  return {
    segments: path.slice(1).split('/'),
    query: mark < 0 ? Query.NONE : Query.parse(rest.slice(mark + 1)),
    authority,
  };
}

function split(raw: string): { readonly authority: string; readonly rest: string } {
  const found = /^http:\/\/([^/?#]*)/i.exec(raw);
  if (found === null) throw malformed(`the target must be a path that begins with /, got ${quoted(raw)}`);
  const [whole, authority = ''] = found;
  const rest = raw.slice(whole.length);
  return { authority, rest: rest.startsWith('/') ? rest : `/${rest}` };
}

/** The parameters of a query, each at most once. A `+` is a space, as in forms. */
export class Query {
  static readonly NONE = new Query(new Map());

  private constructor(private readonly given: ReadonlyMap<string, Bytes>) {}

  /** Throws a fault, 400. */
  static parse(text: string): Query {
    const given = new Map<string, Bytes>();
    const parts = text.split('&', QUERY_PARAMETERS_MAX + 1);
    // Empty ones count: what comes behind the last that is looked at would be dropped unseen.
    if (parts.length > QUERY_PARAMETERS_MAX)
      throw malformed(`the query has more than ${QUERY_PARAMETERS_MAX} parameters`);
    for (const part of parts) {
      if (part === '') continue;
      const equals = part.indexOf('=');
      const name = percentDecoded(equals < 0 ? part : part.slice(0, equals), 'the query');
      if (given.has(name)) throw malformed(`the query has ${quoted(name)} more than once`);
      const value = equals < 0 ? '' : part.slice(equals + 1).replaceAll('+', ' ');
      given.set(name, percentDecoded(value, `the parameter ${quoted(name)}`));
    }
    return new Query(given);
  }

  get(name: string): Bytes | undefined {
    return this.given.get(name);
  }

  /** Throws a fault, 400, if it has another one. */
  only(names: readonly string[]): void {
    for (const name of this.given.keys()) {
      if (names.includes(name)) continue;
      const known = names.length === 0 ? 'there are none here' : `there are ${names.join(', ')}`;
      throw malformed(`unknown parameter ${quoted(name)} in the query; ${known}`);
    }
  }
}

/** Throws a fault, 400. `what`: what is decoded, for the error. */
export function percentDecoded(text: string, what: string): Bytes {
  if (!text.includes('%')) return text as Bytes;
  return text.replace(/%([0-9a-fA-F]{2})?/g, (_, digits: string | undefined) => {
    if (digits !== undefined) return String.fromCharCode(Number.parseInt(digits, 16));
    throw malformed(`${what} has a % without two hexadecimal digits behind it; write %25 for a %`);
  }) as Bytes;
}

/** base64url without padding (RFC 4648, section 5), or with it. Throws a fault, 400. */
export function base64UrlDecoded(text: string, what: string): Bytes {
  const digits = text.replace(/={1,2}$/, '');
  const bytes = Buffer.from(digits, 'base64url');
  // One spelling for each key: without this, other digits in the last place would be dropped unseen.
  if (!/^[A-Za-z0-9_-]*$/.test(digits) || bytes.toString('base64url') !== digits)
    throw malformed(
      `${what} is not base64url: letters, digits, - and _, with nothing in the bits behind the end`,
    );
  return bytes.toString('latin1') as Bytes;
}
