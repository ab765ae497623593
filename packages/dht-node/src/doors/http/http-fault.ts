/** What is wrong with a request as HTTP has it. What is wrong with an operation is a RingError. */

export interface FaultMore {
  /** For programs, in the problem document. */
  readonly code?: string;
  /** Headers of the answer: name, value, name, value. */
  readonly headers?: readonly string[];
}

export class HttpFault extends Error {
  override readonly name = 'HttpFault';

  /**
   * @param status 400 to 599
   * @param detail what is wrong, where, and what to do
   */
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly more: FaultMore = {},
  ) {
    super(detail);
  }
}

/** The request cannot be understood: 400. */
export function malformed(detail: string): HttpFault {
  return new HttpFault(400, detail, { code: 'INVALID_ARGUMENT' });
}
