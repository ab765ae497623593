/** All QueryBatch streams that are open here, so that a node that stops can end them. */

import type { CallBytes } from '@ringkeep/process/server';
import type { KeyTerms } from '@ringkeep/shared/operations';
import type { NodeHost } from '../../hosting/host';
import { BatchStream, type BatchCall } from './batch-stream';

export class BatchStreams {
  readonly name = 'batch streams';
  private readonly streams = new Set<BatchStream>();

  constructor(
    private readonly host: NodeHost,
    private readonly limits: () => KeyTerms,
    /** Of the call that is just being accepted. */
    private readonly callBytes: () => CallBytes | undefined = () => undefined,
  ) {}

  accept(call: BatchCall): void {
    const stream = new BatchStream(call, this.host, this.limits, this.callBytes(), (over) =>
      this.streams.delete(over),
    );
    this.streams.add(stream);
  }

  stop(): void {
    for (const stream of [...this.streams]) stream.end();
  }
}
