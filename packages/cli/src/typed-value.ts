/** The value that was typed, or, where that is `-` in the shell, what comes on standard input, byte for byte. */

import { DEFAULT_PARAMETERS } from '@ringkeep/shared';
import type { CommandContext } from './commands/command';
import { bytesTyped } from './encoding';
import { UsageError } from './failure';

/** Throws a UsageError when it is not in the encoding, or is more than a value may have. */
export async function valueTyped(context: CommandContext, typed: string): Promise<Uint8Array> {
  const { encoding, place } = context;
  if (typed !== '-') return bytesTyped(typed, encoding, 'value');
  if (place === 'prompt')
    throw new UsageError(
      'a value of - is read from standard input, which is the prompt here: give the value',
    );
  if (encoding !== 'text')
    throw new UsageError(`a value of - is taken byte for byte from standard input: leave out --${encoding}`);
  return bytesOfStdin(context);
}

async function bytesOfStdin({ stdin }: CommandContext): Promise<Uint8Array> {
  const { valueBytesMax } = DEFAULT_PARAMETERS;
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of stdin as AsyncIterable<Buffer | string>) {
    const buffer = typeof piece === 'string' ? Buffer.from(piece) : piece;
    bytes += buffer.length;
    if (bytes > valueBytesMax)
      throw new UsageError(
        `standard input has more than ${valueBytesMax} bytes, which is the most that a value has`,
      );
    pieces.push(buffer);
  }
  return Buffer.concat(pieces);
}
