/**
 * The stories of docs/PROTOCOL.md, each played on a small ring, with all that its nodes say to each other. A file of
 * stories/ is both: lines with `>` are told, what is indented under them is what happened. Commands with `>>` are played
 * without being shown.
 *
 * After a change that is meant: TRANSCRIPTS=write npx jest packages/simulator/test/transcripts, and read the difference.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CATALOGUE, type OperationName } from '@ringkeep/shared/operations';
import { Stage } from './stage';
import { Transcript } from './transcript';

const FOLDER = join(__dirname, 'stories');

async function perform(stage: Stage, command: string): Promise<void> {
  const [verb = '', ...words] = command.split(/\s+/);
  if (verb in CATALOGUE) {
    const [assignment = '', at, node = ''] = words;
    const [key = '', value] = assignment.split('=');
    if (at !== 'at') throw new Error(`"${command}": say at which node`);
    return stage.ask(node, verb as OperationName, key, value);
  }
  switch (verb) {
    case 'start':
      return words.forEach((name) => stage.start(name));
    case 'crash':
      return words.forEach((name) => stage.crash(name));
    case 'leave':
      return words.forEach((name) => stage.leave(name));
    case 'settle':
      return stage.settle();
    case 'pass':
      return stage.pass(Number(words[0]));
    default:
      throw new Error(`"${command}" is no command`);
  }
}

/** The story as it is told, with what happens. */
async function play(story: string): Promise<string> {
  const stage = new Stage();
  const transcript = new Transcript();
  const lines: string[] = [];
  for (const line of story.split('\n')) {
    if (line.startsWith(' ')) continue;
    lines.push(line);
    if (!line.startsWith('>')) continue;
    await perform(stage, line.replace(/^>+\s*/, ''));
    const happened = transcript.shown(stage.take());
    if (!line.startsWith('>>')) lines.push(...happened.map((text) => `  ${text}`));
  }
  return lines.join('\n');
}

test.each(readdirSync(FOLDER))('%s', async (name) => {
  const path = join(FOLDER, name);
  const story = readFileSync(path, 'utf8');
  const played = await play(story);
  if (process.env['TRANSCRIPTS'] === 'write') writeFileSync(path, played);
  expect(played).toBe(readFileSync(path, 'utf8'));
});
