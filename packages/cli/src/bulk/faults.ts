/** A file that cannot be read on from some line; what came before it stands. */

export class BulkFault extends Error {
  override readonly name = 'BulkFault';

  constructor(
    readonly line: number,
    readonly reason: string,
  ) {
    super(`line ${line}: ${reason}`);
  }
}
