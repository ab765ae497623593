/** What Tab offers: commands, their options, and file names where a file is expected. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS } from '../commands';

export const PROMPT_WORDS = ['help', 'exit'] as const;
const SHARED_OPTIONS = ['--hex', '--base64', '--json', '--help'];

/** In the form of readline: the candidates, and the part of the line that they replace. */
export function complete(line: string): [candidates: string[], replaced: string] {
  const words = line.trimStart().split(/\s+/);
  const last = words.at(-1) ?? '';
  if (words.length <= 1)
    return [starting([...COMMANDS.map((spec) => spec.name), ...PROMPT_WORDS], last), last];
  const spec = COMMANDS.find(({ name }) => name === words[0]);
  if (words[0] === 'help')
    return [
      starting(
        COMMANDS.map(({ name }) => name),
        last,
      ),
      last,
    ];
  if (spec === undefined) return [[], last];
  if (last.startsWith('-')) {
    const own = Object.values(spec.options).map((option) => option.flag.split(' ')[0] as string);
    return [starting([...own, ...SHARED_OPTIONS], last), last];
  }
  return [spec.operands.some(({ name }) => name === '<file>') ? files(last) : [], last];
}

/**
 * The space lets the next word begin at once. If there are several candidates, readline completes as far as they agree.
 */
function starting(candidates: readonly string[], start: string): string[] {
  return candidates.filter((candidate) => candidate.startsWith(start)).map((candidate) => `${candidate} `);
}

function files(start: string): string[] {
  const slash = start.lastIndexOf('/') + 1;
  const folder = start.slice(0, slash);
  try {
    return readdirSync(folder === '' ? '.' : folder, { withFileTypes: true })
      .filter((entry) => entry.name.startsWith(start.slice(slash)))
      .map((entry) => join(folder, entry.name) + (entry.isDirectory() ? '/' : ''));
  } catch {
    return [];
  }
}
