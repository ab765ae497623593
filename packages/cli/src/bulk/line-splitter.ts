/** Cuts a file into lines, for NDJSON: one record a line, so that a broken one costs only itself. */

import { ELEMENT_BYTES_MAX, type Oversized } from './document-splitter';

export interface Line {
  readonly line: number;
  readonly text: Buffer;
}

const NEWLINE = 0x0a;

export class LineSplitter {
  private line = 1;
  private parts: Buffer[] = [];
  private partBytes = 0;

  /** The lines that end in this piece; empty ones are left out. */
  push(chunk: Buffer): (Line | Oversized)[] {
    const lines: (Line | Oversized)[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.keep(chunk.subarray(start, end));
      lines.push(...this.finish());
      this.line++;
      start = end + 1;
    }
    this.keep(chunk.subarray(start));
    return lines;
  }

  /** The last line, when it has no newline. */
  end(): (Line | Oversized)[] {
    return this.finish();
  }

  private keep(part: Buffer): void {
    this.partBytes += part.length;
    if (this.partBytes <= ELEMENT_BYTES_MAX) this.parts.push(part);
    else this.parts = [];
  }

  private finish(): (Line | Oversized)[] {
    const { line, partBytes, parts } = this;
    this.parts = [];
    this.partBytes = 0;
    if (partBytes > ELEMENT_BYTES_MAX) return [{ line, bytesMax: ELEMENT_BYTES_MAX }];
    const text = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    return text.every((byte) => byte <= 0x20) ? [] : [{ line, text }];
  }
}
