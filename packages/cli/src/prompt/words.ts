/** Splits a line of the prompt into words as a shell does: quotes, double quotes, backslashes. */

import { UsageError } from '../failure';

/** Throws a UsageError when a quote is not closed. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const character = line[at] as string;
    if (quote === "'") {
      if (character === "'") quote = '';
      else word += character;
    } else if (character === '\\' && (quote === '' || /["\\]/.test(line[at + 1] ?? ''))) {
      if (at + 1 === line.length) throw new UsageError('the line ends with a backslash');
      word = (word ?? '') + (line[++at] as string);
    } else if (character === quote) {
      quote = '';
    } else if (quote === '' && /["']/.test(character)) {
      quote = character;
      word ??= '';
    } else if (quote === '' && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== '') throw new UsageError(`the quote ${quote} is not closed`);
  if (word !== undefined) words.push(word);
  return words;
}
