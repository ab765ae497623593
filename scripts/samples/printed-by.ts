/** What a sample says that it prints: behind each line that prints something, in a comment. */

import { readFile } from 'node:fs/promises';

const PRINTS = /^\s*(?:console\.log|print|fmt\.Println|printf|redis)\b.*\s(?:\/\/|#) (.*)$/gm;

/** @returns line by line; a line in a loop says all that it prints, separated by commas */
export async function printedBy(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8');
  return [...text.matchAll(PRINTS)].flatMap(([, told = '']) => told.split(', '));
}
