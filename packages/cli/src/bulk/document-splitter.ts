/**
 * Cuts one large JSON document, an array or an object, into its elements, without parsing them.
 *
 * It follows only brackets, quotes and commas, byte by byte. The inside of an element is left to JSON.parse, one
 * element at a time. So memory is bounded by the largest element, a broken element costs only itself, `__proto__` is a
 * key like any other, and each element keeps its line and its exact text (numbers are not rounded). Rejected: streaming
 * parsers that build values from tokens. They are several times slower, and keep neither the text nor, after a fault,
 * the rest of the file.
 */

import { BulkFault } from './faults';

/** An element of the document. */
export interface Element {
  /** Line on which it begins; the first is 1. */
  readonly line: number;
  /** In an object, the text of the key, with its quotes. */
  readonly key: Buffer | undefined;
  readonly text: Buffer;
  /** How deep it is nested in itself: 0 for a text or a number. */
  readonly depth: number;
}

/** An element too large to be kept. */
export interface Oversized {
  readonly line: number;
  readonly bytesMax: number;
}

/** An element with more bytes than this is skipped: its value would be refused anyway. */
export const ELEMENT_BYTES_MAX = 8 * 1024 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const NEWLINE = 0x0a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** What may come next, between elements. */
type Expected =
  'document' | 'key or end' | 'key' | 'colon' | 'value or end' | 'value' | 'comma or end' | 'nothing';
/** What is being read. */
type Inside = 'gap' | 'key' | 'container' | 'text' | 'word';

export class DocumentSplitter {
  private expected: Expected = 'document';
  private inside: Inside = 'gap';
  private closing = 0;
  private line = 1;
  private inQuotes = false;
  private escaped = false;
  /** The brackets that are open within the element. */
  private readonly open: number[] = [];
  private depth = 0;
  private parts: Buffer[] = [];
  private partBytes = 0;
  private oversized = false;
  private startLine = 1;
  private keyText: Buffer | undefined;
  private found: (Element | Oversized)[] = [];

  /** The elements that end in this piece. Throws a BulkFault where the document's structure breaks. */
  push(chunk: Buffer): (Element | Oversized)[] {
    // What began in an earlier piece goes on from the start of this one.
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (byte === NEWLINE) this.line++;
      switch (this.inside) {
        case 'gap':
          if (byte === 0x20 || byte === NEWLINE || byte === 0x0d || byte === 0x09) break;
          if (this.begins(byte)) start = at;
          break;
        case 'key':
        case 'text':
          if (this.endsText(byte)) this.finish(chunk, start, at + 1);
          break;
        case 'container':
          if (this.endsContainer(byte)) this.finish(chunk, start, at + 1);
          break;
        case 'word':
          if (byte === COMMA || byte === this.closing || byte <= 0x20) {
            this.finish(chunk, start, at);
            // The byte belongs to the gap: it is looked at once more, its newline already counted.
            if (byte === COMMA || byte === this.closing) this.begins(byte);
          }
          break;
      }
    }
    if (this.inside !== 'gap') this.keep(chunk.subarray(start));
    return this.take();
  }

  /** To be called at the end of the file. Throws a BulkFault when the document is not complete. */
  end(): void {
    if (this.expected === 'nothing') return;
    if (this.expected === 'document') throw new BulkFault(this.line, 'the file is empty');
    const where = this.inside === 'gap' ? '' : ` in an element that begins on line ${this.startLine}`;
    throw new BulkFault(this.line, `the file ends before its JSON does${where}`);
  }

  /** The elements that were found before a fault was thrown. */
  take(): (Element | Oversized)[] {
    const found = this.found;
    this.found = [];
    return found;
  }

  /** Deals with the first byte of something in a gap. True when an element, or a key, begins with it. */
  private begins(byte: number): boolean {
    switch (this.expected) {
      case 'document':
        if (byte !== OPEN_ARRAY && byte !== OPEN_OBJECT) throw this.unexpected(byte, '[ or {');
        this.closing = byte === OPEN_ARRAY ? CLOSE_ARRAY : CLOSE_OBJECT;
        this.expected = byte === OPEN_ARRAY ? 'value or end' : 'key or end';
        return false;
      case 'nothing':
        throw this.unexpected(byte, 'nothing after the end of the document');
      case 'colon':
        if (byte !== COLON) throw this.unexpected(byte, 'a colon');
        this.expected = 'value';
        return false;
      case 'comma or end':
        if (byte === COMMA) {
          this.expected = this.closing === CLOSE_ARRAY ? 'value' : 'key';
          return false;
        }
        return this.closes(byte, `, or ${String.fromCharCode(this.closing)}`);
      case 'key or end':
      case 'key':
        if (byte === QUOTE) return this.enter('key');
        return this.expected === 'key or end'
          ? this.closes(byte, 'a key in quotes or }')
          : this.fail(byte, 'a key in quotes');
      case 'value or end':
      case 'value':
        if (byte === this.closing && this.expected === 'value or end') return this.closes(byte, ']');
        if (byte === COMMA || byte === COLON || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
          return this.fail(byte, 'a value');
        }
        if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
          this.enter('container');
          this.endsContainer(byte);
          return true;
        }
        return this.enter(byte === QUOTE ? 'text' : 'word');
    }
  }

  private enter(inside: Inside): true {
    this.inside = inside;
    if (inside === 'key' || this.keyText === undefined) this.startLine = this.line;
    this.depth = 0;
    return true;
  }

  private closes(byte: number, wanted: string): false {
    if (byte !== this.closing) throw this.unexpected(byte, wanted);
    this.expected = 'nothing';
    return false;
  }

  private endsText(byte: number): boolean {
    if (this.escaped) this.escaped = false;
    else if (byte === BACKSLASH) this.escaped = true;
    else return byte === QUOTE;
    return false;
  }

  private endsContainer(byte: number): boolean {
    if (this.inQuotes) {
      if (this.endsText(byte)) this.inQuotes = false;
      return false;
    }
    if (byte === QUOTE) {
      this.inQuotes = true;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      this.open.push(byte + 2);
      if (this.open.length > this.depth) this.depth = this.open.length;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      if (this.open.pop() !== byte) throw this.unexpected(byte, 'the other closing bracket');
      return this.open.length === 0;
    }
    return false;
  }

  private finish(chunk: Buffer, from: number, to: number): void {
    this.keep(chunk.subarray(from, to));
    const text = this.parts.length === 1 ? (this.parts[0] as Buffer) : Buffer.concat(this.parts);
    const oversized = this.oversized;
    this.parts = [];
    this.partBytes = 0;
    this.oversized = false;
    const wasKey = this.inside === 'key';
    this.inside = 'gap';
    if (wasKey) {
      this.keyText = oversized ? Buffer.alloc(0) : text;
      this.expected = 'colon';
      return;
    }
    const { keyText, depth, startLine: line } = this;
    this.keyText = undefined;
    this.expected = 'comma or end';
    const tooLarge = oversized || keyText?.length === 0;
    this.found.push(tooLarge ? { line, bytesMax: ELEMENT_BYTES_MAX } : { line, key: keyText, text, depth });
  }

  private keep(part: Buffer): void {
    if (this.oversized) return;
    this.partBytes += part.length;
    if (this.partBytes <= ELEMENT_BYTES_MAX) {
      this.parts.push(part);
    } else {
      this.oversized = true;
      this.parts = [];
    }
  }

  private fail(byte: number, wanted: string): never {
    throw this.unexpected(byte, wanted);
  }

  private unexpected(byte: number, wanted: string): BulkFault {
    const shown = byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `byte 0x${byte.toString(16)}`;
    return new BulkFault(this.line, `expected ${wanted}, got ${shown}`);
  }
}
