/** QueryDHT and ForwardQuery: one operation a call, for people and for clients in any language. */

import type { ServerUnaryCall } from '@grpc/grpc-js';
import { POSITION_BYTES, positionOf, RingError, type Bytes, type ErrorCode } from '@ringkeep/shared';
import {
  bufferOfBytes,
  bytesOfBuffer,
  checkKey,
  checkTtlMs,
  decodeFullAnswer,
  encodeDelta,
  encodeExpiry,
  isOperationType,
  keyTermsOf,
  placed,
  rowOf,
  type Condition,
  type Expiry,
  type ExpiryCondition,
  type OperandName,
  type TimeToLive,
  type SingleOperandName,
} from '@ringkeep/shared/operations';
import { dht } from '@ringkeep/shared/wire';
import { askOne, type AskTerms, type OneOperation } from '../../ask/one-operation';
import type { NodeHost } from '../../hosting/host';
import { deadlineMsOfCall } from '../deadlines';
import { GRPC } from './name';

/** What a message brings in addition to the key. */
type Brought = Pick<dht.Query, SingleOperandName | 'condition' | 'ttl'>;

/** An operand of the catalogue without a row here does not compile. */
const OPERANDS: { readonly [Name in SingleOperandName]: (brought: Brought) => Bytes | undefined } = {
  value: ({ value }) => value && bytesOfBuffer(value),
  delta: ({ delta }) => (delta === undefined ? undefined : encodeDelta(delta)),
  expiry: ({ expiry }) => (expiry === undefined ? undefined : encodeExpiry(expiryIn(expiry))),
};

/** An operation that lacks an operand of its row. */
type Asked = Omit<OneOperation, 'operands' | 'extras'>;

export class UnaryQueries {
  constructor(private readonly host: NodeHost) {}

  query(call: ServerUnaryCall<dht.Query, dht.QueryResult>): Promise<dht.QueryResult> {
    const { ty, key } = call.request;
    const asked = this.formed(() => ({ type: ty, key: this.keyIn(key) }));
    return this.answer(call, asked, call.request, { hops: 0, ringVersion: 0 });
  }

  forward(call: ServerUnaryCall<dht.EncodedQuery, dht.QueryResult>): Promise<dht.QueryResult> {
    const { hops, ringVersion } = call.request;
    const asked = this.formed(() => this.asEncoded(call.request));
    return this.answer(call, asked, call.request, { hops: Math.max(1, hops), ringVersion });
  }

  private asEncoded({ ty, key, originalKey }: dht.EncodedQuery): Asked {
    if (originalKey.length === 0) {
      throw new RingError(
        'INVALID_ARGUMENT',
        'original_key is missing, as in the first protocol: a position alone names no entry; QueryDHT takes the key',
      );
    }
    const original = this.keyIn(originalKey);
    const located = placed(original, keyTermsOf(this.host.core.view.ring).positionRule);
    if (positionOf(located) !== key) {
      throw new RingError(
        'INVALID_ARGUMENT',
        `key ${key} is not the position of original_key, which is ${positionOf(located)}`,
      );
    }
    return { type: ty, key: original, position: located.slice(0, POSITION_BYTES) as Bytes };
  }

  /** What this throws says what is wrong with the operation, and is reported as such. */
  private formed<Made>(form: () => Made): Made {
    try {
      return form();
    } catch (error) {
      if (error instanceof RingError) this.tellMalformed(error.code);
      throw error;
    }
  }

  private tellMalformed(code: ErrorCode): void {
    this.host.observer.malformed?.({ door: GRPC, operations: 1, code });
  }

  /** Throws INVALID_ARGUMENT when no ring would take it. */
  private keyIn(buffer: Buffer): Bytes {
    const key = bytesOfBuffer(buffer);
    checkKey(key, this.host.core.parameters.keyBytesMax);
    return key;
  }

  private async answer(
    call: ServerUnaryCall<unknown, unknown>,
    asked: Asked,
    brought: Brought,
    way: Pick<AskTerms, 'hops' | 'ringVersion'>,
  ): Promise<dht.QueryResult> {
    const row = isOperationType(asked.type) ? rowOf(asked.type) : undefined;
    const operands = this.formed(() => operandsIn(asked.type, brought));
    if (!Array.isArray(operands)) {
      this.tellMalformed('INVALID_ARGUMENT');
      return result({ error: notProvided(operands.missing), hops: way.hops });
    }
    const condition = this.formed(() => conditionIn(brought.condition));
    const ttl = this.formed(() => ttlIn(brought.ttl));
    const answer = await askOne(
      this.host,
      { ...asked, operands, extras: { condition, showsPresent: true, ttl, tellsTtl: true } },
      {
        door: GRPC,
        ...way,
        deadlineMs: deadlineMsOfCall(call.getDeadline()),
        onCancel: (giveUp) => call.on('cancelled', giveUp),
      },
    );
    const { held, version, value, ttlMs } = decodeFullAnswer(bufferOfBytes(answer.value ?? ('' as Bytes)));
    return result({
      error: held && value === undefined ? row?.withoutValue : undefined,
      value: value && Buffer.from(value),
      hops: answer.hops,
      version,
      conditionFailed: !held,
      ttlMs,
    });
  }
}

/** In the order of the operation's row. Throws INVALID_ARGUMENT for a transaction. */
export function operandsIn(
  type: number,
  brought: Brought,
): Bytes[] | { readonly missing: SingleOperandName } {
  const operands: Bytes[] = [];
  for (const name of isOperationType(type) ? rowOf(type).brings : []) {
    if (name === 'transaction' || name === 'page') {
      const call = name === 'page' ? 'Scan' : 'Transact';
      throw new RingError('INVALID_ARGUMENT', `this operation is asked for with the call ${call}`);
    }
    const operand = OPERANDS[name](brought);
    if (operand === undefined) return { missing: name };
    operands.push(operand);
  }
  return operands;
}

export function result(said: Partial<dht.QueryResult>): dht.QueryResult {
  return dht.QueryResult.fromPartial(said);
}

/** Throws INVALID_ARGUMENT unless it says one thing that a key can have. */
export function conditionIn(condition: dht.Condition | undefined): Condition | undefined {
  if (condition === undefined) return undefined;
  const { absent, present, version, value } = condition;
  const said: Condition[] = [];
  if (absent) said.push({ kind: 'absent' });
  if (present) said.push({ kind: 'present' });
  if (version !== undefined) said.push({ kind: 'version', version: versionIn(version) });
  if (value !== undefined) said.push({ kind: 'value', value: bytesOfBuffer(value) });
  if (said.length === 1) return said[0];
  throw new RingError(
    'INVALID_ARGUMENT',
    `a condition says one thing, got ${said.length}: set absent or present to true, or a version, or a value`,
  );
}

/** Throws INVALID_ARGUMENT unless it says one thing. */
export function ttlIn(ttl: dht.TimeToLive | undefined): TimeToLive | undefined {
  if (ttl === undefined) return undefined;
  const said: TimeToLive[] = [];
  if (ttl.keep) said.push({ kind: 'keep' });
  if (ttl.none) said.push({ kind: 'none' });
  if (ttl.ms !== undefined) said.push({ kind: 'duration', ms: checkTtlMs(ttl.ms) });
  if (said.length === 1) return said[0];
  throw new RingError(
    'INVALID_ARGUMENT',
    `a time to live says one thing, got ${said.length}: set keep or none to true, or ms`,
  );
}

/** Throws INVALID_ARGUMENT unless it says when, and nothing unknown. */
function expiryIn({ ttlMs, atMs, condition }: dht.Expiry): Expiry {
  const asked = EXPIRY_CONDITIONS.get(condition);
  if (asked === undefined) throw new RingError('INVALID_ARGUMENT', `unknown expiry condition ${condition}`);
  if ((ttlMs === undefined) === (atMs === undefined))
    throw new RingError('INVALID_ARGUMENT', 'an expiry says one thing: ttl_ms or at_ms');
  return {
    kind: ttlMs === undefined ? 'moment' : 'duration',
    ms: (ttlMs ?? atMs) as number,
    condition: asked.is,
  };
}

const EXPIRY_CONDITIONS = new Map<dht.ExpiryCondition, { readonly is: ExpiryCondition | undefined }>([
  [dht.ExpiryCondition.UNSPECIFIED, { is: undefined }],
  [dht.ExpiryCondition.NONE, { is: 'none' }],
  [dht.ExpiryCondition.SOME, { is: 'some' }],
  [dht.ExpiryCondition.LESS, { is: 'less' }],
  [dht.ExpiryCondition.GREATER, { is: 'greater' }],
]);

function versionIn(version: bigint): number {
  if (version <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(version);
  throw new RingError('INVALID_ARGUMENT', `no key has the version ${version}, which is beyond 2^53`);
}

export function notProvided(name: OperandName): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)} not provided`;
}
