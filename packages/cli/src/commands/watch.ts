/** Prints each committed change as it comes. */

import type { RingChanges, RingEvent, WatchOptions } from '@ringkeep/client';
import { option, optionValues, type OptionValues } from '@ringkeep/process/command-line';
import { bytesTyped, shown } from '../encoding';
import { ExitCode, UsageError } from '../failure';
import type { CommandContext, CommandSpec } from './command';

const options = {
  key: option({ flag: '--key <key>', text: 'of this key', read: String }),
  prefix: option({ flag: '--prefix <prefix>', text: 'of keys that begin so', read: String }),
  tag: option({ flag: '--tag <tag>', text: 'of keys with this tag', read: String }),
  since: option({ flag: '--since <cursor>', text: 'go on where an earlier watch has ended', read: String }),
  resync: option({
    flag: '--resync',
    text: 'read anew what is lost, instead of saying that it is lost',
    read: optionValues.yesOrNo,
    default: false,
  }),
  count: option({
    flag: '--count <n>',
    text: 'end after this many changes, and entries read anew',
    read: optionValues.integer(1, Number.MAX_SAFE_INTEGER),
  }),
};

export const watchCommand: CommandSpec = {
  name: 'watch',
  text: 'print each change as it is committed, until it is interrupted; all changes, or those …',
  operands: [],
  options,
  examples: [
    'watch',
    'watch --prefix user: --json',
    'watch --tag "order 7" --resync',
    'watch --key city --count 1',
  ],
  async run(context, _operands, given) {
    const { count = Infinity, ...of } = given as OptionValues<typeof options>;
    const client = await context.ring.client(context.signal);
    const { signal } = context;
    const over = context.output.lost === undefined ? signal : AbortSignal.any([signal, context.output.lost]);
    await using changes = client.watch(watchOptions(context, of));
    const end = (): void => void changes.return();
    over.addEventListener('abort', end, { once: true });
    if (over.aborted) end();
    await show(context, changes, count);
    over.removeEventListener('abort', end);
    return ExitCode.Ok;
  },
};

async function show(context: CommandContext, changes: RingChanges<RingEvent>, count: number): Promise<void> {
  let left = count;
  for await (const event of changes) {
    tell(context, event);
    if (event.kind === 'lost' || event.kind === 'resync') continue;
    if (--left <= 0) break;
  }
  // What was interrupted before it began has no place to go on from.
  await changes.ready.then(
    () => context.output.note(`go on with --since ${changes.cursor}`),
    () => undefined,
  );
}

function watchOptions(
  { encoding }: CommandContext,
  { key, prefix, tag, since, resync }: Omit<OptionValues<typeof options>, 'count'>,
): WatchOptions {
  if ([key, prefix, tag].filter((each) => each !== undefined).length > 1)
    throw new UsageError('give one of --key, --prefix and --tag');
  const typed = (text: string | undefined, what: string): Uint8Array | undefined =>
    text === undefined ? undefined : bytesTyped(text, encoding, what);
  return { key: typed(key, 'key'), prefix: typed(prefix, 'prefix'), tag: typed(tag, 'tag'), since, resync };
}

function tell({ output, encoding }: CommandContext, event: RingEvent): void {
  if (event.kind === 'lost') {
    const { start, end } = event;
    output.answer({ kind: 'lost', start, end }, () => []);
    return output.note(`changes between ${start} and ${end} are lost: what is there must be read anew`);
  }
  if (event.kind === 'resync') {
    const { kind, phase, start, end } = event;
    output.answer({ kind, phase, start, end }, () => []);
    return output.note(
      phase === 'begin'
        ? `what is between ${start} and ${end} is told anew: what was known of it is void`
        : `all that is between ${start} and ${end} has been told`,
    );
  }
  const { kind, version } = event;
  const key = shown(event.key, encoding);
  const value = event.value && shown(event.value, encoding);
  output.answer({ kind, key: key.text, value: value?.text ?? null, encoding: value?.encoding, version }, () =>
    [kind, key.text, ...(value ? [value.text] : [])].map((text) => output.printable(text)).join('\t'),
  );
}
