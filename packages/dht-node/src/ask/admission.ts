/**
 * How much a node takes on at once, all callers together: each caller is bounded by its stream, and this
 * bounds the sum. What does not fit is refused before anything of it is started.
 *
 * How long all of it takes is for the callers to bound, who send less to a node that answers late: callers that would
 * wait would only send again and again what a node refused for that.
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

  /** Takes it on if there is room. One that is too large by itself is taken when nothing else is under way. */
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
