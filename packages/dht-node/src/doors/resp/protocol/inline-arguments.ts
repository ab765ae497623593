/**
 * The words of an inline command, as people type it. Words are apart by blanks; quotes hold blanks together, and within
 * double quotes a backslash stands for what it does in C and `\xHH` for a byte. As Redis' sdssplitargs.
 */

import type { Bytes } from '@ringkeep/shared';

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };
const BLANK = /[ \n\r\t\0\v\f]/;
const HEX_BYTE = /^x([0-9a-fA-F]{2})/;

/** Undefined if a quote is not closed, or if something follows one without a blank. */
export function inlineArguments(line: string): Bytes[] | undefined {
  const words: Bytes[] = [];
  for (let at = 0; ;) {
    while (at < line.length && BLANK.test(line.charAt(at))) at++;
    if (at >= line.length) return words;
    const word = wordAt(line, at);
    if (word === undefined) return undefined;
    words.push(word.text as Bytes);
    at = word.end;
  }
}

interface Word {
  readonly text: string;
  readonly end: number;
}

function wordAt(line: string, from: number): Word | undefined {
  const parts: string[] = [];
  let at = from;
  while (at < line.length && !BLANK.test(line.charAt(at))) {
    const char = line.charAt(at);
    if (char === '"' || char === "'") {
      const quoted = quotedAt(line, at + 1, char);
      if (quoted === undefined) return undefined;
      parts.push(quoted.text);
      // The closing quote ends the word.
      if (quoted.end < line.length && !BLANK.test(line.charAt(quoted.end))) return undefined;
      return { text: parts.join(''), end: quoted.end };
    }
    parts.push(char);
    at++;
  }
  return { text: parts.join(''), end: at };
}

function quotedAt(line: string, from: number, quote: string): Word | undefined {
  const parts: string[] = [];
  for (let at = from; at < line.length;) {
    const char = line.charAt(at);
    if (char === quote) return { text: parts.join(''), end: at + 1 };
    const escaped = char === '\\' ? escapedAt(line, at + 1, quote) : undefined;
    parts.push(escaped?.text ?? char);
    at = escaped?.end ?? at + 1;
  }
  return undefined;
}

/** What a backslash before this place stands for; undefined if for itself. */
function escapedAt(line: string, at: number, quote: string): Word | undefined {
  const char = line.charAt(at);
  if (quote === "'") return char === "'" ? { text: char, end: at + 1 } : undefined;
  if (char === '') return undefined;
  const hex = HEX_BYTE.exec(line.slice(at, at + 3))?.[1];
  if (hex !== undefined) return { text: String.fromCharCode(Number.parseInt(hex, 16)), end: at + 3 };
  return { text: ESCAPES[char] ?? char, end: at + 1 };
}
