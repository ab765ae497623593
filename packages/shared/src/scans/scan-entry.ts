/** An entry of a scan or a range, as applications have it. */

import { isUtf8 } from 'node:buffer';
import { RingError } from '../ring/errors';

export class ScanEntry<Value> {
  constructor(
    readonly key: Uint8Array,
    readonly value: Value,
    readonly version: number,
  ) {}

  /** The key as text. Throws FAILED_PRECONDITION when it is not UTF-8. */
  get keyText(): string {
    if (isUtf8(this.key)) return Buffer.from(this.key).toString();
    throw new RingError('FAILED_PRECONDITION', 'the key is not UTF-8 text; use key');
  }
}
