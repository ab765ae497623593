/** Transact: a transaction a call, for people and for clients in any language. */

import type { ServerUnaryCall } from '@grpc/grpc-js';
import { RingError, type Bytes } from '@ringkeep/shared';
import {
  bufferOfBytes,
  bytesOfBuffer,
  decodeFullAnswer,
  decodeTransactionAnswer,
  encodeExtras,
  encodeTransaction,
  isOperationType,
  OperationType,
  rowOf,
  VERSION_ONLY,
  type EncodedOperation,
  type EncodedTransaction,
} from '@ringkeep/shared/operations';
import type { dht } from '@ringkeep/shared/wire';
import { askOne } from '../../ask/one-operation';
import type { NodeHost } from '../../hosting/host';
import { deadlineMsOfCall } from '../deadlines';
import { GRPC } from './name';
import { conditionIn, notProvided, operandsIn, result, ttlIn } from './unary-queries';

export async function transact(
  host: NodeHost,
  call: ServerUnaryCall<dht.TransactRequest, dht.TransactAnswer>,
): Promise<dht.TransactAnswer> {
  const { key, operand } = formed(host, call.request);
  const answer = await askOne(
    host,
    { type: OperationType.transact, key, operands: [operand], extras: undefined },
    {
      door: GRPC,
      hops: 0,
      ringVersion: 0,
      deadlineMs: deadlineMsOfCall(call.getDeadline()),
      onCancel: (giveUp) => call.on('cancelled', giveUp),
    },
  );
  const { held, version, values } = decodeTransactionAnswer(bufferOfBytes(answer.value ?? ('' as Bytes)));
  const carriedOut = held ? call.request.then : call.request.else;
  const results = carriedOut.map(({ ty }, index) => resultOf(ty, values[index] ?? new Uint8Array()));
  return { held, version, results, hops: answer.hops };
}

function formed(host: NodeHost, request: dht.TransactRequest): { key: Bytes; operand: Bytes } {
  try {
    const transaction = transactionIn(request);
    const first = transaction.conditions[0] ?? transaction.then[0] ?? transaction.else[0];
    if (first === undefined)
      throw new RingError('INVALID_ARGUMENT', 'the transaction has neither conditions nor operations');
    return { key: first.key, operand: encodeTransaction(transaction) };
  } catch (error) {
    if (error instanceof RingError)
      host.observer.malformed?.({ door: GRPC, operations: 1, code: error.code });
    throw error;
  }
}

function transactionIn({ conditions, then, else: otherwise }: dht.TransactRequest): EncodedTransaction {
  return {
    conditions: conditions.map(({ key, condition }, index) => {
      const wanted = conditionIn(condition);
      if (wanted === undefined)
        throw new RingError('INVALID_ARGUMENT', `the transaction's condition ${index + 1} says nothing`);
      return { key: bytesOfBuffer(key), condition: wanted };
    }),
    then: then.map((query, index) => operationIn(query, `operation ${index + 1} of then`)),
    else: otherwise.map((query, index) => operationIn(query, `operation ${index + 1} of else`)),
  };
}

function operationIn(query: dht.Query, part: string): EncodedOperation {
  const { ty, key } = query;
  if (!isOperationType(ty) || ty === OperationType.transact || ty === OperationType.scan)
    throw new RingError('INVALID_ARGUMENT', `the transaction's ${part}: unknown ty ${ty}`);
  const operands = operandsIn(ty, query);
  if (!Array.isArray(operands))
    throw new RingError('INVALID_ARGUMENT', `the transaction's ${part}: ${notProvided(operands.missing)}`);
  const extras = { ...VERSION_ONLY, condition: conditionIn(query.condition), ttl: ttlIn(query.ttl) };
  return { type: ty, key: bytesOfBuffer(key), extras: encodeExtras(extras), operands };
}

function resultOf(type: dht.OperationType, told: Uint8Array): dht.QueryResult {
  const { value, version } = decodeFullAnswer(told);
  const error = value === undefined && isOperationType(type) ? rowOf(type).withoutValue : undefined;
  return result({ error, value: value && Buffer.from(value), version });
}
