/** All QueryBatch streams that are open here, so that a node that stops can end them. */

import type { KeyLimits } from '@ringkeep/shared/wire';
import type { NodeHost } from '../host';
import { BatchStream, type BatchCall } from './batch-stream';

export class BatchStreams {
  readonly name = 'batch streams';
  private readonly streams = new Set<BatchStream>();

  constructor(
    private readonly host: NodeHost,
    private readonly limits: () => KeyLimits,
  ) {}

  accept(call: BatchCall): void {
    const stream = new BatchStream(call, this.host, this.limits, (over) => this.streams.delete(over));
    this.streams.add(stream);
  }

  stop(): void {
    for (const stream of [...this.streams]) stream.end();
  }
}
