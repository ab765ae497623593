/**
 * Records: what a file asks to be stored, or why a part of it cannot be.
 *
 * In an object the key is the member's name, and a string is stored as it is. Any other value, and a record of an array
 * or of NDJSON, is stored as its own JSON text without the white space. A number is its text, in keys and in values: 1,
 * 1.0 and 1e0 are three keys.
 */

import { isUtf8 } from 'node:buffer';
import { textAtPath } from './json-path';

export interface Entry {
  readonly kind: 'entry';
  /** Counts the records of the file, from 1. */
  readonly number: number;
  readonly line: number;
  readonly key: string;
  readonly value: string;
}

/** A record that cannot be stored. */
export interface BadRecord {
  readonly kind: 'bad';
  readonly number: number;
  readonly line: number;
  readonly reason: string;
}

export type BulkRecord = Entry | BadRecord;

/** Where a record stands in the file. */
export interface Place {
  readonly number: number;
  readonly line: number;
}

/** A field of a record, as the names on the way to it. */
export type FieldPath = readonly string[];

/** How deep a record may be nested; a deeper one is an accident or an attack. */
export const DEPTH_MAX = 100;

/** Reads `country,admin1,name` or `country/admin1/name`, dots leading into nested objects. */
export function parseKeyFields(text: string): FieldPath[] {
  const fields = text.split(/[,/]/).map((field) => field.trim().split('.'));
  if (fields.some((path) => path.some((name) => name === ''))) {
    throw new Error('must be names of fields such as country,name or address.city');
  }
  return fields;
}

export function bad(place: Place, reason: string): BadRecord {
  return { kind: 'bad', ...place, reason };
}

/** The record of a member of an object. */
export function recordOfMember(place: Place, key: Buffer, value: Buffer): BulkRecord {
  const keyText = textOf(key);
  const valueText = textOf(value);
  if (keyText === undefined || valueText === undefined) return bad(place, 'not UTF-8');
  try {
    const parsed: unknown = JSON.parse(valueText);
    const stored = typeof parsed === 'string' ? parsed : compact(valueText);
    return { kind: 'entry', ...place, key: JSON.parse(keyText) as string, value: stored };
  } catch (error) {
    return bad(place, notJson(error));
  }
}

/** The record of an element of an array, or of a line, its key made of its fields. */
export function recordOfElement(place: Place, element: Buffer, fields: readonly FieldPath[]): BulkRecord {
  const text = textOf(element);
  if (text === undefined) return bad(place, 'not UTF-8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return bad(place, notJson(error));
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return bad(place, 'not an object, so it has no fields to make a key from');
  }
  const parts: string[] = [];
  for (const path of fields) {
    const part = fieldOf(parsed, text, path);
    if (part === undefined)
      return bad(place, `no field ${path.join('.')} that is a string, a number or a boolean`);
    parts.push(part);
  }
  return { kind: 'entry', ...place, key: parts.join('/'), value: compact(text) };
}

function fieldOf(record: object, text: string, path: FieldPath): string | undefined {
  let value: unknown = record;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as { readonly [name: string]: unknown })[name];
  }
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'number' ? textAtPath(text, path) : undefined;
}

/** Valid JSON without the white space between its parts. */
export function compact(json: string): string {
  return json.replace(/("[^"\\]*(?:\\.[^"\\]*)*")|[ \t\r\n]+/g, '$1');
}

/** How deep valid JSON is nested; a fair guess for invalid JSON, which is refused anyway. */
export function depthOf(json: Buffer): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] as number;
    if (quoted) {
      if (byte === 0x5c) at++;
      else if (byte === 0x22) quoted = false;
    } else if (byte === 0x22) {
      quoted = true;
    } else if (byte === 0x7b || byte === 0x5b) {
      deepest = Math.max(deepest, ++depth);
    } else if (byte === 0x7d || byte === 0x5d) {
      depth--;
    }
  }
  return deepest;
}

function textOf(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

function notJson(error: unknown): string {
  return `not JSON: ${(error as Error).message}`;
}
