/**
 * How much a node takes on at once from all callers together. Each caller is bounded by its stream, and this bounds the
 * sum. What does not fit is refused before any of it is started.
 *
 * How long it all takes is for the callers to limit: they send less to a node that answers late. If the node refused
 * operations for being late, callers that would wait would only send them again and again.
 */

/** Operations that may be under way: more than a second's worth, so that waiting longer would help nobody. */
export const OPERATIONS_UNDER_WAY_MAX = 262_144;
/** Bytes of their keys and values. */
export const BYTES_UNDER_WAY_MAX = 256 * 1024 * 1024;

export interface Load {
  readonly operations: number;
  readonly bytes: number;
}

export class Admission implements Load {
  operations = 0;
  bytes = 0;

  constructor(
    private readonly most: Load = { operations: OPERATIONS_UNDER_WAY_MAX, bytes: BYTES_UNDER_WAY_MAX },
  ) {}

  /**
   * Admits it if there is room. An operation that is too large by itself is admitted when nothing else is under way.
   */
  admit({ operations, bytes }: Load): boolean {
    const fits =
      this.operations + operations <= this.most.operations && this.bytes + bytes <= this.most.bytes;
    if (!fits && this.operations > 0) return false;
    this.operations += operations;
    this.bytes += bytes;
    return true;
  }

  release({ operations, bytes }: Load): void {
    this.operations -= operations;
    this.bytes -= bytes;
  }
}
