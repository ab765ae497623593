/** What those who compete for a lock, and write to what it guards, ask of the ring. */

import { RingError, type Bytes, type RingKey } from '@ringkeep/shared';
import {
  bufferOfBytes,
  decodeFullAnswer,
  encodeExpiry,
  OperationType,
  VERSION_ONLY,
  type Condition,
  type KeyOperation,
} from '@ringkeep/shared/operations';
import type { AttemptAnswer } from '@ringkeep/client/core';
import type { PlainCalls } from './plain-calls';

export type Told = (answer: AttemptAnswer | RingError) => void;

export class LockCalls {
  constructor(
    private readonly calls: PlainCalls,
    private readonly lock: RingKey,
    private readonly resource: RingKey,
  ) {}

  attempt(id: string, ttlMs: number, deadlineMs: number, told: Told): void {
    const condition: Condition = { kind: 'absent' };
    const ttl = { kind: 'duration', ms: ttlMs } as const;
    const extras = { condition, showsPresent: true, ttl, tellsTtl: true };
    this.ask({ type: OperationType.set, key: this.lock, value: id as Bytes, extras }, deadlineMs, told);
  }

  renew(ifValue: string | undefined, ttlMs: number, deadlineMs: number, told: Told): void {
    const expiry = encodeExpiry({ kind: 'duration', ms: ttlMs, condition: undefined });
    const extras = { condition: isValue(ifValue), showsPresent: false };
    this.ask({ type: OperationType.expire, key: this.lock, expiry, extras }, deadlineMs, told);
  }

  /** @param ifValue undefined: whoever has it */
  clear(ifValue: string | undefined, deadlineMs: number, told: Told): void {
    const extras = { condition: isValue(ifValue), showsPresent: false };
    this.ask({ type: OperationType.delete, key: this.lock, extras }, deadlineMs, told);
  }

  /**
   * Writes to the resource, unless it has seen a greater token.
   *
   * @param accepted with the version of the write, where it is known to be done
   */
  store(token: number, text: string, deadlineMs: number, accepted: (version: number) => void): void {
    const { resource } = this;
    this.ask({ type: OperationType.get, key: resource, extras: VERSION_ONLY }, deadlineMs, (seen) => {
      if (seen instanceof RingError || Number(seen.value?.split(' ')[0] ?? 0) > token) return;
      const condition: Condition = { kind: 'version', version: seen.version };
      const value = `${token} ${text}` as Bytes;
      const extras = { condition, showsPresent: false };
      this.ask({ type: OperationType.set, key: resource, value, extras }, deadlineMs, (told) => {
        if (!(told instanceof RingError) && told.done) accepted(told.version);
      });
    });
  }

  private ask(operation: KeyOperation, deadlineMs: number, told: Told): void {
    this.calls.run(operation, deadlineMs, (result) => {
      if (result === undefined) return told(new RingError('OUTCOME_UNKNOWN'));
      if (!result.ok) return told(new RingError(result.code, result.text));
      const { held, version, value, ttlMs } = decodeFullAnswer(bufferOfBytes(result.value as Bytes));
      // Nothing is renewed of a key that is not there.
      const done = held && !(operation.type === OperationType.expire && version === 0);
      told({ done, version, value: value && Buffer.from(value).toString('latin1'), ttlMs });
    });
  }
}

function isValue(value: string | undefined): Condition | undefined {
  return value === undefined ? undefined : { kind: 'value', value: value as Bytes };
}
