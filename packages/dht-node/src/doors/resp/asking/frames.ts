/**
 * What all connections ask in one turn of the event loop, as few frames: one to each arc, reads and writes apart.
 * Writes of an arc beyond so many wait here, because an arc refuses what is beyond its window.
 *
 * Apart, because a frame is answered as a whole. No read waits for a sync, and nobody waits for an arc that stands
 * still but those who asked something of it.
 */

import type { ArcConfig } from '@ringkeep/shared';
import type { Operation, OperationResult } from '@ringkeep/shared/operations';
import { isWrite, operandBytes } from '@ringkeep/shared/operations/operation';
import { FRAME_BYTES_TARGET, FRAME_OPERATIONS_MAX } from '@ringkeep/shared/ring/limits';
import type { QueryAnswer, QueryOptions } from '../../../ask/open-queries';
import { DEADLINE_DEFAULT_MS } from '../../deadlines';
import { WRITES_UNDER_WAY_MAX } from '../limits';
import { RESP } from '../name';

/** Whoever asked. */
export interface Answered {
  /** @param index what it gave when it asked */
  answered(result: OperationResult, index: number): void;
}

/** Whoever carries out a frame: the node's host. */
export interface FrameSink {
  readonly core: {
    readonly view: { readonly version: number; arcOfKey(key: Operation['key']): ArcConfig | undefined };
  };
  query(
    operations: readonly Operation[],
    options: QueryOptions,
    answer: (answer: QueryAnswer) => void,
  ): unknown;
}

interface Frame {
  readonly operations: Operation[];
  readonly answered: Answered[];
  readonly indexes: number[];
  bytes: number;
}

type Place = ArcConfig | undefined;
type FrameOf = Map<Place, Frame>;

/** The writes of an arc. */
interface WritesUnderWay {
  operations: number;
  /** They wait until fewer are under way. */
  readonly held: Frame[];
}

export class Frames {
  private reads: FrameOf = new Map();
  private writes: FrameOf = new Map();
  private readonly underWay = new Map<Place, WritesUnderWay>();
  private scheduled = false;

  constructor(
    private readonly sink: FrameSink,
    private readonly soon: (action: () => void) => void = (action) => void setImmediate(action),
  ) {}

  ask(operation: Operation, answered: Answered, index = 0): void {
    const arc = this.sink.core.view.arcOfKey(operation.key);
    const writes = isWrite(operation);
    const frames = writes ? this.writes : this.reads;
    let frame = frames.get(arc);
    if (frame === undefined)
      frames.set(arc, (frame = { operations: [], answered: [], indexes: [], bytes: 0 }));
    frame.operations.push(operation);
    frame.answered.push(answered);
    frame.indexes.push(index);
    frame.bytes += operation.key.length + operandBytes(operation);
    if (frame.operations.length >= FRAME_OPERATIONS_MAX || frame.bytes >= FRAME_BYTES_TARGET) {
      frames.delete(arc);
      if (writes) this.write(arc, frame);
      else this.send(frame);
    } else if (!this.scheduled) {
      this.scheduled = true;
      this.soon(this.flush);
    }
  }

  /** Of an operation that is asked by itself. */
  resultOf(operation: Operation): Promise<OperationResult> {
    return new Promise((resolve) => this.ask(operation, { answered: resolve }));
  }

  private readonly flush = (): void => {
    this.scheduled = false;
    const { reads, writes } = this;
    this.reads = new Map();
    this.writes = new Map();
    for (const frame of reads.values()) this.send(frame);
    for (const [arc, frame] of writes) this.write(arc, frame);
  };

  private write(arc: Place, frame: Frame): void {
    let writes = this.underWay.get(arc);
    if (writes === undefined) this.underWay.set(arc, (writes = { operations: 0, held: [] }));
    writes.held.push(frame);
    this.writeHeld(arc, writes);
  }

  private writeHeld(arc: Place, writes: WritesUnderWay): void {
    const { held } = writes;
    while (held.length > 0 && writes.operations < WRITES_UNDER_WAY_MAX) {
      const frame = held.shift() as Frame;
      const { length } = frame.operations;
      writes.operations += length;
      this.send(frame, () => {
        writes.operations -= length;
        this.writeHeld(arc, writes);
      });
    }
    if (writes.operations === 0) this.underWay.delete(arc);
  }

  private send({ operations, answered, indexes, bytes }: Frame, done: () => void = () => undefined): void {
    const options: QueryOptions = {
      door: RESP,
      hops: 0,
      deadlineMs: DEADLINE_DEFAULT_MS,
      ringVersion: this.sink.core.view.version,
      direct: false,
      bytes,
      inFrame: true,
    };
    this.sink.query(operations, options, ({ results }) => {
      for (let index = 0; index < answered.length; index++)
        (answered[index] as Answered).answered(results[index] as OperationResult, indexes[index] as number);
      done();
    });
  }
}
