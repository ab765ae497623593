/** QueryDHT and ForwardQuery: one operation a call, for people and for clients in any language. */

import type { ServerUnaryCall } from '@grpc/grpc-js';
import { positionOfBytes, RingError, type Bytes } from '@ringkeep/shared';
import {
  bytesOfBuffer,
  checkKey,
  isOperationType,
  OPERANDS,
  positionBytesOf,
  rowOf,
  type OperandName,
} from '@ringkeep/shared/operations';
import type { dht } from '@ringkeep/shared/wire';
import { askOne, type AskTerms, type OneOperation } from '../../ask/one-operation';
import type { NodeHost } from '../../hosting/host';
import { deadlineMsOfCall } from './deadlines';

/** What a message brings beside the key; one that has no field for an operand of the catalogue does not compile. */
type Brought = Pick<dht.Query, OperandName>;

export class UnaryQueries {
  constructor(private readonly host: NodeHost) {}

  query(call: ServerUnaryCall<dht.Query, dht.QueryResult>): Promise<dht.QueryResult> {
    const { ty, key } = call.request;
    return this.answer(call, { type: ty, key: this.keyIn(key) }, call.request, { hops: 0, ringVersion: 0 });
  }

  forward(call: ServerUnaryCall<dht.EncodedQuery, dht.QueryResult>): Promise<dht.QueryResult> {
    const { ty, key, originalKey, hops, ringVersion } = call.request;
    if (originalKey.length === 0) {
      throw new RingError(
        'INVALID_ARGUMENT',
        'original_key is missing, as in the first protocol: a position alone names no entry; QueryDHT takes the key',
      );
    }
    const original = this.keyIn(originalKey);
    const position = positionBytesOf(originalKey);
    if (positionOfBytes(position) !== key) {
      throw new RingError(
        'INVALID_ARGUMENT',
        `key ${key} is not the position of original_key, which is ${positionOfBytes(position)}`,
      );
    }
    const way = { hops: Math.max(1, hops), ringVersion };
    return this.answer(call, { type: ty, key: original, position }, call.request, way);
  }

  /** Throws INVALID_ARGUMENT when no ring would take it. */
  private keyIn(buffer: Buffer): Bytes {
    const key = bytesOfBuffer(buffer);
    checkKey(key, this.host.core.parameters.keyBytesMax);
    return key;
  }

  private async answer(
    call: ServerUnaryCall<unknown, unknown>,
    asked: Omit<OneOperation, 'operands'>,
    brought: Brought,
    way: Pick<AskTerms, 'hops' | 'ringVersion'>,
  ): Promise<dht.QueryResult> {
    const row = isOperationType(asked.type) ? rowOf(asked.type) : undefined;
    const operands: Bytes[] = [];
    for (const name of row?.brings ?? []) {
      const operand = brought[name];
      if (operand === undefined) return { error: notProvided(name), value: undefined, hops: way.hops };
      operands.push(bytesOfBuffer(operand));
    }
    const answer = await askOne(
      this.host,
      { ...asked, operands },
      {
        ...way,
        deadlineMs: deadlineMsOfCall(call.getDeadline()),
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
  const { text } = OPERANDS[name];
  return `${text.charAt(0).toUpperCase()}${text.slice(1)} not provided`;
}
