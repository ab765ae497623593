/**
 * `--storage memory`: entries in a table, nothing on the disk. A batch counts as durable at the next turn of the event
 * loop, so that the host sees the same order of events as with a disk.
 */

import { invariant } from '@ringkeep/shared';
import { MemoryEntryStore } from './memory-entry-store';
import type { Examined, LogWrite, NodeStorage, RecoveryVisitor } from './node-storage';

export class MemoryStorage implements NodeStorage {
  readonly name = 'memory';
  readonly entries = new MemoryEntryStore();
  private lastNumber = 0;
  private closed = false;
  private completion: NodeJS.Immediate | undefined;
  private durableListener: (upTo: number) => void = () => undefined;

  async recover(_visitor: RecoveryVisitor): Promise<void> {}

  append(_batch: Uint8Array): number {
    invariant(!this.closed, 'nothing is appended to a closed storage');
    this.completion ??= setImmediate(() => {
      this.completion = undefined;
      this.durableListener(this.lastNumber);
    });
    return ++this.lastNumber;
  }

  onDurable(listener: (upTo: number) => void): void {
    this.durableListener = listener;
  }

  onWritten(_listener: (write: LogWrite) => void): void {}

  onRoom(_listener: (lacking: string | undefined) => void): void {}

  onFailure(_listener: (error: Error) => void): void {}

  checkpointDue(): boolean {
    return false;
  }

  overloaded(): boolean {
    return false;
  }

  async checkpoint(_snapshot: Uint8Array): Promise<boolean> {
    return true;
  }

  examine(part: number): Examined {
    return this.entries.examine(part);
  }

  async close(): Promise<void> {
    this.closed = true;
    while (this.completion !== undefined) await new Promise((resolve) => setImmediate(resolve));
  }
}
