/** JSON from outside: objects whose fields are all known, each read by what it must be. */

import { isUtf8 } from 'node:buffer';
import type { Bytes } from '@ringkeep/shared';
import { quoted } from '@ringkeep/shared/ring/excerpt';
import { bytesOfText } from '@ringkeep/shared/operations/bytes';
import { malformed } from '../http-fault';

/** The object that a body is; an empty body is an empty object. Throws a fault, 400. */
export function parseJsonObject(body: Buffer, fields: readonly string[]): Fields {
  if (body.length === 0) return new Fields({}, 'the body', fields);
  if (!isUtf8(body)) throw malformed('the body is not UTF-8, so it is no JSON');
  return Fields.of(parsed(body.toString()), 'the body', fields);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(`the body is no JSON: ${(error as Error).message.slice(0, 200)}`);
  }
}

export class Fields {
  constructor(
    private readonly object: Readonly<Record<string, unknown>>,
    /** What it is, for errors. */
    readonly where: string,
    known: readonly string[],
  ) {
    for (const name of Object.keys(object))
      if (!known.includes(name))
        throw malformed(`${where} has an unknown field ${quoted(name)}; known are ${known.join(', ')}`);
  }

  /** Throws a fault, 400, unless it is an object with no other than the known fields. */
  static of(value: unknown, where: string, known: readonly string[]): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw malformed(`${where} must be a JSON object`);
    return new Fields(value as Record<string, unknown>, where, known);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  get(name: string): unknown {
    return Object.hasOwn(this.object, name) ? this.object[name] : undefined;
  }

  text(name: string): string | undefined {
    const value = this.get(name);
    if (value === undefined || typeof value === 'string') return value;
    throw malformed(`${name} of ${this.where} must be a text`);
  }

  yesOrNo(name: string): boolean | undefined {
    const value = this.get(name);
    if (value === undefined || typeof value === 'boolean') return value;
    throw malformed(`${name} of ${this.where} must be true or false`);
  }

  number(name: string): number | undefined {
    const value = this.get(name);
    if (value === undefined || typeof value === 'number') return value;
    throw malformed(`${name} of ${this.where} must be a number`);
  }

  list(name: string): readonly unknown[] {
    const value = this.get(name) ?? [];
    if (Array.isArray(value)) return value;
    throw malformed(`${name} of ${this.where} must be a list`);
  }

  /** A number of 64 bits: a JSON number if it is exact as one, else its decimal digits as a text. */
  integer(name: string): bigint | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    if (Number.isSafeInteger(value)) return BigInt(value as number);
    if (typeof value === 'string' && /^-?[0-9]{1,19}$/.test(value)) return BigInt(value);
    throw malformed(`${name} of ${this.where} must be a whole number, as a text beyond 2^53`);
  }

  /** `key` as text, or `key64` in base64, and the like. */
  bytes(name: string): Bytes | undefined {
    const text = this.text(name);
    const coded = this.text(`${name}64`);
    if (text !== undefined && coded !== undefined)
      throw malformed(`${this.where} has both ${name} and ${name}64: give one`);
    if (text !== undefined) return bytesOfText(text);
    return coded === undefined ? undefined : base64Decoded(coded, `${name}64 of ${this.where}`);
  }

  /** The same, but it must be there. */
  neededBytes(name: string): Bytes {
    const bytes = this.bytes(name);
    if (bytes === undefined) throw malformed(`${this.where} needs ${name}, or ${name}64 in base64`);
    return bytes;
  }
}

/** base64 (RFC 4648, section 4), with its padding or without. Throws a fault, 400. */
function base64Decoded(text: string, what: string): Bytes {
  const digits = text.replace(/={1,2}$/, '');
  const bytes = Buffer.from(digits, 'base64');
  if (!/^[A-Za-z0-9+/]*$/.test(digits) || bytes.toString('base64').replace(/=+$/, '') !== digits)
    throw malformed(`${what} is not base64`);
  return bytes.toString('latin1') as Bytes;
}

/** How bytes are told: as `key` if they are text in UTF-8, else as `key64` in base64. */
export function toldBytes(name: string, bytes: Uint8Array): Readonly<Record<string, string>> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return isUtf8(buffer) ? { [name]: buffer.toString() } : { [`${name}64`]: buffer.toString('base64') };
}
