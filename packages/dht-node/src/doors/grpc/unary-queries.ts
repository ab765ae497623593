/** QueryDHT and ForwardQuery: one operation a call, for people and for clients in any language. */

import type { ServerUnaryCall } from '@grpc/grpc-js';
import { positionOf, RingError, type Bytes } from '@ringkeep/shared';
import {
  bytesOfBuffer,
  checkKey,
  isOperationType,
  ringKeyOf,
  rowOf,
  type OperandName,
} from '@ringkeep/shared/operations';
import type { dht } from '@ringkeep/shared/wire';
import { askOne } from '../../ask/one-operation';
import type { NodeHost } from '../../hosting/host';
import { deadlineMsOfCall } from './deadlines';

/** What a message brings beside the key; one that has no field for an operand of the catalogue does not compile. */
type Brought = Pick<dht.Query, OperandName>;

export class UnaryQueries {
  constructor(private readonly host: NodeHost) {}

  query(call: ServerUnaryCall<dht.Query, dht.QueryResult>): Promise<dht.QueryResult> {
    const { ty, key } = call.request;
    return this.answer(call, ty, bytesOfBuffer(key), call.request, 0, 0);
  }

  forward(call: ServerUnaryCall<dht.EncodedQuery, dht.QueryResult>): Promise<dht.QueryResult> {
    const { ty, key, originalKey, hops, ringVersion } = call.request;
    if (originalKey.length === 0) {
      throw new RingError(
        'INVALID_ARGUMENT',
        'original_key is missing, as in the first protocol: a position alone names no entry; QueryDHT takes the key',
      );
    }
    const original = bytesOfBuffer(originalKey);
    checkKey(original, this.host.core.parameters.keyBytesMax);
    const position = positionOf(ringKeyOf(original));
    if (position !== key) {
      throw new RingError(
        'INVALID_ARGUMENT',
        `key ${key} is not the position of original_key, which is ${position}`,
      );
    }
    return this.answer(call, ty, original, call.request, Math.max(1, hops), ringVersion);
  }

  private async answer(
    call: ServerUnaryCall<unknown, unknown>,
    type: number,
    key: Bytes,
    brought: Brought,
    hops: number,
    ringVersion: number,
  ): Promise<dht.QueryResult> {
    const row = isOperationType(type) ? rowOf(type) : undefined;
    const operands: Bytes[] = [];
    for (const name of row?.brings ?? []) {
      const operand = brought[name];
      if (operand === undefined) return { error: notProvided(name), value: undefined, hops };
      operands.push(bytesOfBuffer(operand));
    }
    const answer = await askOne(
      this.host,
      { type, key, operands },
      {
        deadlineMs: deadlineMsOfCall(call.getDeadline()),
        hops,
        ringVersion,
        onCancel: (giveUp) => call.on('cancelled', giveUp),
      },
    );
    return {
      error: answer.value === undefined ? row?.withoutValue : undefined,
      value: answer.value === undefined ? undefined : Buffer.from(answer.value, 'latin1'),
      hops: answer.hops,
    };
  }
}

function notProvided(name: OperandName): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)} not provided`;
}
