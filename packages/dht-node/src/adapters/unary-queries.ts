/** QueryDHT and ForwardQuery: one operation a call, for people and for clients in any language. */

import type { ServerUnaryCall } from '@grpc/grpc-js';
import {
  bringsValue,
  RingError,
  isWrite,
  positionOf,
  type Bytes,
  type OperationResult,
} from '@ringkeep/shared';
import { bytesOfBuffer, dht, operationOrError, type KeyLimits } from '@ringkeep/shared/wire';
import type { NodeHost } from '../hosting/host';
import type { QueryAnswer } from '../hosting/open-queries';
import { deadlineMsOfCall } from './deadlines';

export const KEY_NOT_PRESENT = 'Key not present';
export const VALUE_NOT_PROVIDED = 'Value not provided';

export class UnaryQueries {
  constructor(
    private readonly host: NodeHost,
    private readonly limits: () => KeyLimits,
  ) {}

  query(call: ServerUnaryCall<dht.Query, dht.QueryResult>): Promise<dht.QueryResult> {
    const { ty, key, value } = call.request;
    return this.answer(call, ty, bytesOfBuffer(key), value, 0, 0);
  }

  forward(call: ServerUnaryCall<dht.EncodedQuery, dht.QueryResult>): Promise<dht.QueryResult> {
    const { ty, key, value, originalKey, hops, ringVersion } = call.request;
    if (originalKey.length === 0) {
      throw new RingError(
        'INVALID_ARGUMENT',
        'original_key is missing, as in the first protocol: a position alone names no entry; QueryDHT takes the key',
      );
    }
    const original = bytesOfBuffer(originalKey);
    const operation = operationOrError(
      dht.OperationType.Get,
      original,
      '' as Bytes,
      undefined,
      this.limits(),
    );
    if (!(operation instanceof RingError) && positionOf(operation.key) !== key) {
      throw new RingError(
        'INVALID_ARGUMENT',
        `key ${key} is not the position of original_key, which is ${positionOf(operation.key)}`,
      );
    }
    return this.answer(call, ty, original, value, Math.max(1, hops), ringVersion);
  }

  private async answer(
    call: ServerUnaryCall<unknown, unknown>,
    type: number,
    key: Bytes,
    value: Buffer | undefined,
    hops: number,
    ringVersion: number,
  ): Promise<dht.QueryResult> {
    const given = value === undefined ? ('' as Bytes) : bytesOfBuffer(value);
    const operation = operationOrError(type, key, given, undefined, this.limits());
    if (operation instanceof RingError) throw operation;
    if (bringsValue(operation.type) && value === undefined) {
      return { error: VALUE_NOT_PROVIDED, value: undefined, hops };
    }
    if (this.host.overloaded && isWrite(operation)) {
      throw new RingError('RESOURCE_EXHAUSTED', 'the disk does not keep up with the writes');
    }
    const options = {
      hops,
      deadlineMs: deadlineMsOfCall(call.getDeadline()),
      ringVersion,
      direct: false,
      bytes: key.length + given.length,
      inFrame: false,
    };
    const answer = await new Promise<QueryAnswer>((resolve) => {
      const request = this.host.query([operation], options, resolve);
      call.on('cancelled', () => this.host.cancel(request));
    });
    const result = answer.results[0] as OperationResult;
    if (!result.ok) throw new RingError(result.code, result.text);
    const missing = result.value === undefined && !bringsValue(operation.type);
    return {
      error: missing ? KEY_NOT_PRESENT : undefined,
      value: result.value === undefined ? undefined : Buffer.from(result.value, 'latin1'),
      hops: answer.hops,
    };
  }
}
