/**
 * The port to everything that a node keeps: the readable entries, and a log of opaque batches that makes
 * changes durable before they are acknowledged.
 *
 * The core writes batches and reads entries; the host carries the batches here and the completions back.
 * A checkpoint ties the two together: the entries and the core's other durable state as of one batch are
 * made durable as one, and the log before it is dropped.
 *
 * Rules that every implementation keeps, and the conformance suite checks:
 *  1. Batches are numbered 1, 2, 3, … over the whole life of the data, restarts included.
 *  2. What is recovered is a checkpoint and an unbroken run of the batches after it, which holds every
 *     batch that was reported durable.
 *  3. A completion is never reported inside the call that asked for it.
 */

import type { KeyRange } from '@ringkeep/shared';
import type { EntryStore } from '../core/replica/entry-store';

/** Takes what is found on the disk when a node starts. The arrays are the visitor's only during the call. */
export interface RecoveryVisitor {
  snapshot(state: Uint8Array): void;
  batch(batch: Uint8Array): void;
}

/** The entries are examined in so many parts. */
export const PARTS = 65_536;

export interface Examined {
  /** Stretches that hold what their primary did not make. */
  readonly damaged: readonly KeyRange[];
  /** Keys that were counted in and are not found; negative for those that are too many. */
  readonly missing: number;
}

/** Batches that one write brought to the log. */
export interface LogWrite {
  readonly batches: number;
  readonly bytes: number;
  /** How long the disk took, the sync included where each write syncs. */
  readonly durationMs: number;
}

export interface NodeStorage {
  readonly name: 'memory' | 'disk';
  /** The readable state. Usable from the start of `recover` on. */
  readonly entries: EntryStore;

  /**
   * Once, before anything else: the last checkpoint's snapshot, if there is one, then each later batch in
   * order. When the visitor gets the snapshot, `entries` is as of that checkpoint; replaying the batches on
   * it is the visitor's part. Throws FAILED_PRECONDITION naming file and byte when what is there is damaged.
   */
  recover(visitor: RecoveryVisitor): Promise<void>;

  /**
   * Appends a batch, which belongs to the storage from now on, and returns its number. After a crash it is
   * there whole or not at all, and never without those before it.
   */
  append(batch: Uint8Array): number;

  /** Everything up to the number is durable (see `Durability` for what that means when it is not 'always'). */
  onDurable(listener: (upTo: number) => void): void;

  /** What each write brought to the log; of a storage without a disk there is none. */
  onWritten(listener: (write: LogWrite) => void): void;

  /** The disk fails: told once, with the reason. Nothing becomes durable any more. */
  onFailure(listener: (error: Error) => void): void;

  /** There is no room for new entries, and why; or there is again. What comes all the same is taken as long as it goes. */
  onRoom(listener: (lacking: string | undefined) => void): void;

  /** The log or the table in memory has grown enough that the host should call `checkpoint`. */
  checkpointDue(): boolean;

  /**
   * Checkpoints do not keep up with the writes: the host should refuse writes until this is false again,
   * or the log and the table in memory grow without bound.
   */
  overloaded(): boolean;

  /**
   * Takes the entries as they are now and `snapshot`, the core's other durable state as of all batches
   * appended so far, writes both to the table on the disk in the background, and drops the log before.
   * One at a time. Resolves with true when the checkpoint is durable, and with false when it was given up for want of
   * room: then the log stays, and another one is due later. Rejects, after onFailure, when it failed.
   */
  checkpoint(snapshot: Uint8Array): Promise<boolean>;

  /** Reads one of PARTS parts of the entries and reports what of it is damaged. A part takes a millisecond or less. */
  examine(part: number): Examined;

  /** Makes what was appended durable and closes. Idempotent. */
  close(): Promise<void>;
}

/**
 * When a batch counts as durable. always: it is on the disk. interval: it was handed to the operating
 * system, which gets it to the disk within the sync interval; a crash of the machine may lose what came
 * since, a crash of the process nothing. none: the same, with the time left to the operating system.
 */
export type Durability = 'always' | 'interval' | 'none';
