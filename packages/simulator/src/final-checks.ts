/**
 * What must hold when the ring is at rest again: copies are alike, everything that was acknowledged can be read, the
 * whole history is that of one store, and everything can be written.
 */

import { arcContains, positionOf, RingView, type Arc, type Bytes, type RingKey } from '@ringkeep/shared';
import { bufferOfBytes, decodeFullAnswer, ringKeyOf } from '@ringkeep/shared/operations';
import type { HistoryOperation, Value } from '@ringkeep/checker/core';
import { checkCopies, checkIndexes, checkTables } from './checkers/at-rest';
import type { Failure } from './checkers/failure';
import type { Doubts } from './checkers/doubts';
import { checkLinearizability } from './checkers/linearizability';
import { checkLostWrites } from './checkers/lost-writes';
import { checkPages } from './checkers/pages';
import { checkPositions } from './checkers/positions';
import { checkLastVersion, checkVersions } from './checkers/versions';
import type { WatchedChanges } from './checkers/watched-changes';
import type { Client } from './world/client';
import type { Scanner } from './world/scanner';
import { nodesAtRest } from './world/nodes-at-rest';
import type { Run } from './world/world';

const READ_PATIENCE_MS = 10_000;
/** Time for the answer that there is none. */
const ANSWER_MS = 250;
/** A watcher that nobody answers tries again each second, and hears of the ring late. */
const CATCH_UP_MS_MAX = 15_000;
const CATCH_UP_LOOK_MS = 250;

/** Who is there to the end. */
export interface LastUsers {
  /** Reads and writes everything. */
  readonly reader: Client;
  /** Tells everything. */
  readonly scanner: Scanner;
  readonly watchers: readonly { readonly changes: WatchedChanges }[];
  /** Has given up what it had, and waits for nothing. */
  readonly lockUsers: { readonly areBusy: boolean };
}

export class FinalChecks {
  private readonly lastReads = new Map<string, Value>();

  constructor(
    private readonly run: Run,
    private readonly users: LastUsers,
    private readonly keys: readonly Bytes[],
    private readonly doubts: Doubts,
    /** An operator has decided about them. */
    private readonly decidedArcs: readonly Arc[],
  ) {}

  /** The copies first: while the last reads are under way a dead member may be forgotten, and its arc merged. */
  async check(history: () => readonly HistoryOperation[]): Promise<void> {
    const nodes = nodesAtRest(this.run.machines);
    const unlike = checkCopies(this.run.registry.ring, nodes) ?? checkTables(nodes) ?? checkIndexes(nodes);
    if (unlike) return this.run.fail(unlike.checker, unlike.text);
    for (const key of this.keys) {
      this.users.reader.readAtLast(key, READ_PATIENCE_MS, (result) => {
        if (!result?.ok) this.run.fail('liveness', `${key} cannot be read though everything works`);
        else this.lastReads.set(key, result.value ?? null);
      });
    }
    const allRead = (): boolean => this.lastReads.size === this.keys.length;
    if (!(await this.run.runUntil(this.run.timeline.now + READ_PATIENCE_MS, allRead))) return;
    if (!(await this.scanAtLast()) || !(await this.endLocks())) return;
    for (const key of this.keys) if (this.doubts.has(this.placed(key))) this.lastReads.delete(key);
    const certain = history().filter(({ key }) => !this.doubts.has(this.placed(key as Bytes)));
    const failure =
      checkLostWrites(certain, this.lastReads) ??
      checkLinearizability(certain) ??
      checkVersions(certain) ??
      checkPositions(certain, this.run.parameters.positionRule) ??
      checkPages(this.users.scanner.pages, certain, (key) => !this.doubts.has(this.placed(key as Bytes)));
    if (failure) return this.run.fail(failure.checker, failure.text);
    if (!(await this.checkWatchers(certain))) return;
    await this.writeAtLast(history());
  }

  /** What is there is told, and nothing else: what it says of each key is a read of that key. */
  private async scanAtLast(): Promise<boolean> {
    let over = false;
    this.users.scanner.scanAtLast(READ_PATIENCE_MS, (told) => {
      over = true;
      if (told === undefined) this.run.fail('liveness', 'the ring cannot be scanned though everything works');
    });
    return this.run.runUntil(this.run.timeline.now + READ_PATIENCE_MS + ANSWER_MS, () => over);
  }

  private async endLocks(): Promise<boolean> {
    const { run, users } = this;
    const untilMs = run.timeline.now + READ_PATIENCE_MS;
    if (!(await run.runUntil(untilMs, () => !users.lockUsers.areBusy))) return false;
    if (users.lockUsers.areBusy) run.fail('liveness', 'somebody still waits for a lock, or to release it');
    return !users.lockUsers.areBusy;
  }

  /** They are told the rest first, for as long as that may take. */
  private async checkWatchers(certain: readonly HistoryOperation[]): Promise<boolean> {
    const { run, lastReads } = this;
    const { watchers } = this.users;
    const fault = (): Failure | undefined => {
      for (const { changes } of watchers) {
        const failure = changes.check(certain, lastReads);
        if (failure) return failure;
      }
      return undefined;
    };
    const untilMs = run.timeline.now + CATCH_UP_MS_MAX;
    while (fault() && run.timeline.now < untilMs) {
      if (!(await run.runUntil(run.timeline.now + CATCH_UP_LOOK_MS))) return false;
    }
    const failure = fault();
    if (failure) run.fail(failure.checker, failure.text);
    return failure === undefined;
  }

  private placed(key: Bytes): RingKey {
    return ringKeyOf(key, this.run.parameters.positionRule);
  }

  private isDecided(key: Bytes): boolean {
    const position = positionOf(this.placed(key));
    return this.decidedArcs.some((arc) => arcContains(arc, position));
  }

  /** Nothing that kept writes out is left, and where writes were lost none of their numbers is given out again. */
  private async writeAtLast(history: readonly HistoryOperation[]): Promise<void> {
    const before = [...history];
    const view = new RingView(this.run.registry.ring);
    const isWritable = (key: Bytes): boolean => {
      const arc = view.arcOfKey(this.placed(key));
      return arc !== undefined && arc.inSync.length >= view.copiesToWrite(arc);
    };
    let open = 0;
    for (const key of this.keys.filter(isWritable)) {
      open++;
      this.users.reader.writeAtLast(key, READ_PATIENCE_MS, (result) => {
        open--;
        const text = result?.ok === false ? `: ${result.text}` : '';
        if (!result?.ok)
          return this.run.fail('liveness', `${key} cannot be written though everything works${text}`);
        if (!this.isDecided(key)) return;
        const { version } = decodeFullAnswer(bufferOfBytes(result.value as Bytes));
        const failure = checkLastVersion(key, version, before);
        if (failure) this.run.fail(failure.checker, failure.text);
      });
    }
    await this.run.runUntil(this.run.timeline.now + READ_PATIENCE_MS + ANSWER_MS, () => open === 0);
  }
}
