/** Operations as promises: each is checked, given its terms, and handed to the session. */

import type { Bytes, PositionRule, RingKey } from '@ringkeep/shared';
import { RingError } from '@ringkeep/shared/ring/errors';
import { OperationType, type OperationName } from '@ringkeep/shared/operations/catalogue';
import type { Extras } from '@ringkeep/shared/operations/extras';
import {
  expireExtrasOf,
  expireResult,
  extrasOf,
  writeResult,
  type ExpireOptions,
  type WriteResult,
} from '@ringkeep/shared/operations/write-options';
import { POSITION_BYTES } from '@ringkeep/shared/ring/ring-key';
import { decodeScanPage, type ScanPage } from '@ringkeep/shared/scans/scan-page';
import { encodeScanQuery, type ScanQuery } from '@ringkeep/shared/scans/scan-query';
import type { SessionHost } from './adapters/session-host';
import { Batch } from './batch';
import type { Call } from './core';
import { expectedBytes, type Operand } from './operands';
import { checkDuration, type CallOptions, type ResolvedOptions } from './options';
import { PromiseCall, type ItemResult, type Request, type Terms } from './pending-calls';
import { request } from './request';

export class Asking {
  private readonly abort = (call: Call): void => this.host.abort(call);

  constructor(
    private readonly host: SessionHost,
    private readonly options: ResolvedOptions,
  ) {}

  /** What the operation is answered with. */
  one(
    name: OperationName,
    key: Operand,
    operands: readonly Operand[],
    options: CallOptions | undefined,
    extras?: Extras,
  ): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      // Under overload most calls end here: before anything was spent on them.
      if (!this.host.hasRoomFor(0)) throw this.host.noRoomError;
      const asked = this.request(name, key, operands, extras);
      const terms = this.terms(options);
      const { signal } = terms;
      if (signal?.aborted) throw new RingError('CANCELLED', undefined, { cause: signal.reason });
      this.host.submit(new PromiseCall(asked, terms, resolve, reject, this.abort));
    });
  }

  /** A page of a scan, from a place on. */
  async page(place: RingKey, query: ScanQuery, options?: CallOptions): Promise<ScanPage<Buffer>> {
    const asked: Request = {
      type: OperationType.scan,
      position: place.slice(0, POSITION_BYTES) as Bytes,
      key: place,
      operands: [encodeScanQuery(query)],
      extras: undefined,
    };
    const answer = await new Promise<Uint8Array | undefined>((resolve, reject) => {
      const terms = this.terms(options);
      const { signal } = terms;
      if (signal?.aborted) throw new RingError('CANCELLED', undefined, { cause: signal.reason });
      this.host.submit(new PromiseCall(asked, terms, resolve, reject, this.abort));
    });
    const { buffer, byteOffset, length } = answer ?? new Uint8Array();
    return decodeScanPage(Buffer.from(buffer, byteOffset, length));
  }

  /** The same of a write, on a condition or told with its version where the options say so. */
  write(
    name: OperationName,
    key: Operand,
    operands: readonly Operand[],
    options: CallOptions | undefined,
  ): Promise<WriteResult | Uint8Array | undefined> {
    // Most writes have no options at all: nothing is looked at then, and no promise is made around another.
    if (options === undefined) return this.one(name, key, operands, options, undefined);
    try {
      const extras = extrasOf(options, expectedBytes);
      const answered = this.one(name, key, operands, options, extras);
      return extras === undefined ? answered : answered.then(writeResult);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /** The same of `expire` and `persist`, which are always told a result. */
  async changeEnd(
    name: 'expire' | 'persist',
    key: Operand,
    operands: readonly Operand[],
    options: (CallOptions & ExpireOptions) | undefined,
  ): Promise<WriteResult> {
    return expireResult(await this.one(name, key, operands, options, expireExtrasOf(options, expectedBytes)));
  }

  /** One operation for each item; each has its own result, in the order of the items. */
  async many<Item>(
    name: OperationName,
    items: Iterable<Item>,
    partsOf: (item: Item) => readonly [key: Operand, ...operands: Operand[]],
    options: CallOptions | undefined,
  ): Promise<ItemResult[]> {
    const requestOf = (item: Item): Request => {
      const [key, ...operands] = partsOf(item);
      return this.request(name, key, operands);
    };
    return Batch.run(this.host, items, requestOf, this.terms(options));
  }

  private request(name: OperationName, key: Operand, operands: readonly Operand[], extras?: Extras): Request {
    return request(name, key, operands, this.positionRule, extras);
  }

  /** Before the ring is known it is a guess; a node that is asked in vain forwards. */
  private get positionRule(): PositionRule {
    return this.host.ring.parameters.positionRule;
  }

  private terms(options: CallOptions | undefined): Terms {
    const given = options?.deadlineMs;
    const deadlineMs = given === undefined ? this.options.deadlineMs : checkDuration('deadlineMs', given);
    return {
      deadlineAtMs: Math.ceil(this.host.now() + deadlineMs),
      retries: options?.retry ?? true,
      signal: options?.signal,
    };
  }
}
