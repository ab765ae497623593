/**
 * Histories as Jepsen, Knossos and Porcupine record them: a line for each call and each end, by process.
 *
 * A process has one operation in progress at a time, so an end belongs to the last call of its process. What has
 * no end, or ends in :info, is of unknown outcome. Times are line numbers.
 */

import type { Action, HistoryOperation, RecordedOutcome, Value } from '../../src';

interface Line {
  readonly process: string;
  readonly type: string;
  readonly action: string;
  readonly key: string;
  readonly value: string;
}

/** INFO  jepsen.util - 3	:invoke	:cas	[1 2] */
const JEPSEN = /- (?<process>\d+)\s+:(?<type>\w+)\s+:(?<action>\w+)\s+(?<value>.*)$/;
/** {:process 3, :type :invoke, :f :append, :key "0", :value "x 0 1 y"}, fields in any order */
const FIELD = /:(process|type|f|key|value)\s+(\[[^\]]*\]|"[^"]*"|[^\s,{}]+)/g;

function jepsenLines(text: string): Line[] {
  return text.split('\n').flatMap((line) => {
    const { process, type, action, value } = JEPSEN.exec(line)?.groups ?? {};
    return process === undefined || !type || !action
      ? []
      : [{ process, type, action, key: '', value: value ?? '' }];
  });
}

function ednLines(text: string): Line[] {
  return text.split('\n').flatMap((line) => {
    const fields = new Map(
      [...line.replace(/^\s*;.*/, '').matchAll(FIELD)].map((match) => [match[1], match[2] ?? '']),
    );
    const [process, type, action] = [fields.get('process'), fields.get('type'), fields.get('f')];
    if (process === undefined || type === undefined || action === undefined) return [];
    const key = (fields.get('key') ?? '').replaceAll('"', '');
    return [{ process, type: type.slice(1), action: action.slice(1), key, value: fields.get('value') ?? '' }];
  });
}

/** An operation from its call to its end. */
export interface Span {
  readonly call: Line;
  readonly callMs: number;
  readonly end: Line | undefined;
  readonly endMs: number;
}

function spansOf(lines: readonly Line[]): Span[] {
  const open = new Map<string, { call: Line; callMs: number }>();
  const spans: Span[] = [];
  for (const [atMs, line] of lines.entries()) {
    if (line.type === 'invoke') {
      open.set(line.process, { call: line, callMs: atMs });
      continue;
    }
    const begun = open.get(line.process);
    if (begun === undefined) throw new Error(`line ${atMs + 1} ends what was not called`);
    open.delete(line.process);
    spans.push({ ...begun, end: line, endMs: atMs });
  }
  for (const begun of open.values()) spans.push({ ...begun, end: undefined, endMs: Infinity });
  return spans;
}

/** A register, absent at first; a :fail of a cas is the answer that the register held something else. */
export function jepsenRegister(text: string): HistoryOperation[] {
  return spansOf(jepsenLines(text)).map((span) => registerOperation(span, 'differs'));
}

/** A register; a :fail did not take effect and says nothing more, and a read of nil fits anything. */
export function knossosRegister(text: string): HistoryOperation[] {
  return spansOf(ednLines(text)).map((span) => registerOperation(span, 'nothing'));
}

function registerOperation(
  { call, callMs, end, endMs }: Span,
  failedCas: 'differs' | 'nothing',
): HistoryOperation {
  const differs = failedCas === 'differs' && end?.type === 'fail' && call.action === 'cas';
  const outcome: RecordedOutcome =
    end === undefined || end.type === 'info' ? 'unknown' : end.type === 'fail' && !differs ? 'fail' : 'ok';
  const common = { client: Number(call.process), key: '', callMs, returnMs: end ? endMs : null, outcome };
  return { ...common, ...registerAction(call, end, !differs, failedCas) };
}

function registerAction(
  call: Line,
  end: Line | undefined,
  swapped: boolean,
  nil: 'differs' | 'nothing',
): Action {
  const value = (text: string): Value => (text === 'nil' ? null : text);
  switch (call.action) {
    case 'read': {
      const read = value(end?.value ?? 'nil');
      return { op: 'get', value: read === null && nil === 'nothing' ? undefined : read };
    }
    case 'write':
      return { op: 'set', value: call.value };
    case 'cas': {
      const [expected, next] = call.value.replace(/[[\]]/g, '').split(' ');
      return { op: 'cas', expected: value(expected ?? ''), value: value(next ?? ''), swapped };
    }
    default:
      throw new Error(`unknown operation ${call.action}`);
  }
}

/** A store of strings in which a key that is missing reads "". */
export interface TextOperation {
  readonly op: 'get' | 'put' | 'append';
  readonly key: string;
  readonly text: string;
  readonly callAt: number;
  readonly returnAt: number;
}

export function porcupineStore(text: string): TextOperation[] {
  return spansOf(ednLines(text)).map(({ call, callMs, end, endMs }) => ({
    op: call.action as TextOperation['op'],
    key: call.key,
    text: ((call.action === 'get' ? end?.value : call.value) ?? '').replaceAll('"', ''),
    callAt: callMs,
    returnAt: end?.type === 'ok' ? endMs : Infinity,
  }));
}
