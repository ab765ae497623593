/** For a measure in little time: of the functions and fields only every so many (MUTATE_SAMPLE), drawn by their names and places. */

import process from 'node:process';

const every = Number(process.env['MUTATE_SAMPLE'] ?? 1);
const FUNCTIONS = new Set(['ClassMethod', 'ClassProperty', 'FunctionDeclaration']);

function isDrawn({ key, id, loc }) {
  let sum = loc.start.line;
  for (const character of key?.name ?? id?.name ?? '') sum = (sum * 31 + character.charCodeAt(0)) % 1_000_003;
  return sum % every === 0;
}

export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'sample',
    value: {
      shouldIgnore: ({ node }) =>
        FUNCTIONS.has(node.type) && !isDrawn(node) ? 'not in the sample' : undefined,
    },
  },
];
