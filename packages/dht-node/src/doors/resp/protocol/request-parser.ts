/**
 * Requests out of a stream of bytes, however it is cut: arrays of bulk strings, and inline commands. The same for RESP2
 * and RESP3, in which requests look alike.
 *
 * A chunk becomes one text, and short arguments are slices of it; a long one has memory of its own. What is wrong is
 * said in Redis' words, and nothing is read after it: nobody can know where the next request begins. Nothing is made of
 * a count or a length before what it announces is there.
 */

import type { Bytes } from '@ringkeep/shared';
import { SLICE_BYTES_MAX } from '@ringkeep/shared/ring/limits';
import { inlineArguments } from './inline-arguments';
import {
  ARGUMENT_BYTES_EACH,
  ARGUMENT_BYTES_MAX,
  ARGUMENTS_MAX,
  LINE_BYTES_MAX,
  REQUEST_BYTES_MAX,
} from './limits';
import { LongArgument } from './long-argument';

/** What was wrong: the text of the error without its code. */
export class ProtocolFault {
  constructor(readonly text: string) {}
}

export type Request = readonly Bytes[];

const ASTERISK = 0x2a;
const DOLLAR = 0x24;
const DIGIT_0 = 0x30;
const RETURN = 0x0d;
const LINE_END_BYTES = 2;
const INTEGER = /^(?:0|-?[1-9][0-9]{0,18})$/;

export class RequestParser {
  private text = '';
  private at = 0;
  /** Up to there the text has no end of a line. */
  private searched = 0;
  /** The bytes that the text ends with, and where in it they begin. */
  private chunk: Buffer = Buffer.alloc(0);
  private chunkFrom = 0;
  private args: Bytes[] = [];
  private argsMissing = 0;
  /** Of the argument that comes next; undefined as long as its length has not come. */
  private nextLength: number | undefined;
  private long: LongArgument | undefined;
  private requestBytes = 0;
  private fault: ProtocolFault | undefined;

  /** Takes all requests out first (`next`). */
  feed(chunk: Buffer): void {
    if (this.fault) return;
    const from = this.long?.take(chunk, 0) ?? 0;
    const rest = this.text.slice(this.at);
    this.searched = Math.max(0, this.searched - this.at);
    this.at = 0;
    this.chunk = chunk;
    this.chunkFrom = rest.length - from;
    this.text = rest + chunk.toString('latin1', from);
  }

  /** Bytes that wait for the rest of their request. */
  get heldBytes(): number {
    return this.text.length - this.at + this.requestBytes + (this.long?.heldBytes ?? 0);
  }

  /** @returns undefined if more has to come first */
  next(): Request | ProtocolFault | undefined {
    if (this.fault) return this.fault;
    try {
      while (this.at < this.text.length || this.argsMissing > 0) {
        const request = this.argsMissing > 0 ? this.readArguments() : this.begin();
        if (request === undefined) return undefined;
        if (request.length > 0) return request;
      }
      return undefined;
    } catch (fault) {
      if (!(fault instanceof ProtocolFault)) throw fault;
      this.forget();
      return (this.fault = fault);
    }
  }

  /** @returns no arguments if they follow, or if it was an empty line */
  private begin(): Request | undefined {
    if (this.text.charCodeAt(this.at) !== ASTERISK) return this.inline();
    const count = this.integer('too big mbulk count string', 'invalid multibulk length');
    if (count === undefined) return undefined;
    if (count > ARGUMENTS_MAX) throw fault('invalid multibulk length');
    this.argsMissing = Math.max(0, count);
    this.args = [];
    this.requestBytes = 0;
    return this.args;
  }

  private inline(): Request | undefined {
    const end = this.text.indexOf('\n', Math.max(this.at, this.searched));
    if (end < 0) {
      this.searched = this.text.length;
      if (this.text.length - this.at > LINE_BYTES_MAX) throw fault('too big inline request');
      return undefined;
    }
    if (end - this.at > LINE_BYTES_MAX) throw fault('too big inline request');
    const line = this.text.slice(this.at, end);
    this.at = end + 1;
    const words = inlineArguments(line);
    if (words === undefined) throw fault('unbalanced quotes in request');
    return words;
  }

  /** Those that are there. */
  private readArguments(): Request | undefined {
    while (this.argsMissing > 0) {
      this.nextLength ??= this.readLength();
      if (this.nextLength === undefined) return undefined;
      const argument = this.readArgument(this.nextLength);
      if (argument === undefined) return undefined;
      this.args.push(argument);
      this.requestBytes += argument.length + ARGUMENT_BYTES_EACH;
      this.nextLength = undefined;
      this.argsMissing--;
    }
    const request = this.args;
    this.args = [];
    this.requestBytes = 0;
    return request;
  }

  private readLength(): number | undefined {
    if (this.at >= this.text.length) return undefined;
    if (this.text.charCodeAt(this.at) !== DOLLAR)
      throw fault(`expected '$', got '${this.text.charAt(this.at)}'`);
    const length = this.integer('too big bulk count string', 'invalid bulk length');
    if (length === undefined) return undefined;
    if (length < 0 || length > ARGUMENT_BYTES_MAX) throw fault('invalid bulk length');
    if (this.requestBytes + length > REQUEST_BYTES_MAX) throw fault('too big request');
    return length;
  }

  /** With the end of the line behind it. */
  private readArgument(length: number): Bytes | undefined {
    const { long } = this;
    if (long) {
      if (!long.isWhole || this.text.length - this.at < LINE_END_BYTES) return undefined;
      this.long = undefined;
      this.at += LINE_END_BYTES;
      return long.text;
    }
    const end = this.at + length;
    if (end + LINE_END_BYTES <= this.text.length) {
      const argument = this.slice(this.at, end);
      this.at = end + LINE_END_BYTES;
      return argument;
    }
    this.long = new LongArgument(length);
    this.long.take(Buffer.from(this.text.slice(this.at, end), 'latin1'), 0);
    this.at = Math.min(end, this.text.length);
    this.searched = this.at;
    return undefined;
  }

  /** A longer one must not keep the whole chunk in memory. */
  private slice(from: number, to: number): Bytes {
    if (to - from <= SLICE_BYTES_MAX) return this.text.slice(from, to) as Bytes;
    if (from >= this.chunkFrom)
      return this.chunk.toString('latin1', from - this.chunkFrom, to - this.chunkFrom) as Bytes;
    return Buffer.from(this.text.slice(from, to), 'latin1').toString('latin1') as Bytes;
  }

  /** The number between the first character of a line and its end. Nearly all have a digit or two. */
  private integer(tooLong: string, otherwise: string): number | undefined {
    const { text, at } = this;
    const first = text.charCodeAt(at + 1) - DIGIT_0;
    if (first >= 0 && first <= 9 && at + 4 < text.length) {
      const next = text.charCodeAt(at + 2);
      if (next === RETURN) {
        this.at = at + 4;
        return first;
      }
      const second = next - DIGIT_0;
      if (first > 0 && second >= 0 && second <= 9 && text.charCodeAt(at + 3) === RETURN) {
        this.at = at + 5;
        return 10 * first + second;
      }
    }
    const line = this.line(tooLong);
    return line === undefined ? undefined : integerIn(line, otherwise);
  }

  /** What is between the first character of a line and its end. */
  private line(tooLong: string): string | undefined {
    const end = this.text.indexOf('\r', Math.max(this.at, this.searched));
    if (end < 0 || end + LINE_END_BYTES > this.text.length) {
      this.searched = end < 0 ? this.text.length : end;
      if (this.text.length - this.at > LINE_BYTES_MAX) throw fault(tooLong);
      return undefined;
    }
    const line = this.text.slice(this.at + 1, end);
    this.at = end + LINE_END_BYTES;
    return line;
  }

  private forget(): void {
    this.text = '';
    this.at = 0;
    this.chunk = Buffer.alloc(0);
    this.args = [];
    this.argsMissing = 0;
    this.requestBytes = 0;
    this.long = undefined;
  }
}

function integerIn(line: string, otherwise: string): number {
  if (!INTEGER.test(line)) throw fault(otherwise);
  return Number(line);
}

function fault(text: string): ProtocolFault {
  return new ProtocolFault(`Protocol error: ${text}`);
}
