/** What became of each case: it passed, it does not apply for a reason, or it failed. */

export type CaseVerdict =
  | { readonly kind: 'passed'; readonly name: string }
  | { readonly kind: 'not applicable'; readonly name: string; readonly reason: string }
  | { readonly kind: 'failed'; readonly name: string; readonly text: string };

/** By what a case was told. `$1` is the first group. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/unknown subcommand '([\w-]+)'/i, 'needs the subcommand $1'],
  [/CONFIG SET (?:- '|failed \(possibly related to argument ')([\w-]+)'/i, 'sets $1'],
  [/would never tell anything/, 'needs channels of its own (PUBLISH)'],
  [/Command not allowed inside a transaction/, 'FLUSHALL within MULTI'],
  [/the value has \d+ bytes; \d+ are allowed/, 'needs values above the ring’s limit'],
  [
    /Expected 'pmessage .*' to be equal to 'pmessage .* set/,
    'tells writes apart (every write is `set` here)',
  ],
];

/** By their names: cases whose text does not say why. */
const NAMED: Readonly<Record<string, string>> = {
  'PEXPIREAT with big integer works': 'a key lives a thousand years at most',
  'EXEC and script timeout': 'needs Lua',
  'just EXEC and script timeout': 'needs Lua',
  'Keyspace notifications: test CONFIG GET/SET of event flags': 'sets notify-keyspace-events',
};

/** `known`: the commands that there are. Needing one of them is no reason. */
export function judge(printed: string, known: ReadonlySet<string>): readonly CaseVerdict[] {
  const verdicts: CaseVerdict[] = [];
  for (const part of cases(printed)) {
    const [, kind, name = ''] = /^\[(ok|err|ignore|exception|skip)\]: (.*)/.exec(part) ?? [];
    if (kind === undefined) continue;
    const title = name.replace(/ \(\d+ ms\)$/, '').replace(/ in tests\/.*$/, '');
    if (kind === 'ok') verdicts.push({ kind: 'passed', name: title });
    else verdicts.push(ofOther(kind, title, part, known));
  }
  return verdicts;
}

function ofOther(kind: string, name: string, text: string, known: ReadonlySet<string>): CaseVerdict {
  const reason = kind === 'ignore' ? (name.split(': ').at(-1) ?? name) : reasonOf(name, text, known);
  if (reason === undefined) return { kind: 'failed', name, text: text.slice(0, 2_000) };
  return { kind: 'not applicable', name, reason };
}

function reasonOf(name: string, text: string, known: ReadonlySet<string>): string | undefined {
  const [, command] = /unknown command '(\w+)'/.exec(text) ?? [];
  if (command !== undefined && !known.has(command.toLowerCase())) return `needs ${command.toUpperCase()}`;
  if (Object.hasOwn(NAMED, name)) return NAMED[name];
  for (const [pattern, reason] of REASONS) {
    const found = pattern.exec(text);
    if (found) return reason.replace('$1', found[1] ?? '');
  }
  return undefined;
}

/** What is printed for each, up to the next one. The summary at the end repeats what failed. */
function cases(printed: string): string[] {
  const [told = ''] = printed.split(/^ *The End/m);
  return told.split(/^(?=\[(?:ok|err|ignore|exception|skip|\d+\/\d+ done)\])/m);
}
