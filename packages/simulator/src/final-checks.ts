/**
 * What must hold when the ring is at rest again: copies are alike, everything that was acknowledged can be read, the
 * whole history is that of one store, and everything can be written.
 */

import { RingView, type Bytes, type RingKey } from '@ringkeep/shared';
import { ringKeyOf } from '@ringkeep/shared/operations';
import type { HistoryOperation, Value } from '@ringkeep/checker/core';
import { checkCopies, checkTables } from './checkers/at-rest';
import type { Doubts } from './checkers/doubts';
import { checkLinearizability } from './checkers/linearizability';
import { checkLostWrites } from './checkers/lost-writes';
import { checkPages } from './checkers/pages';
import { checkPositions } from './checkers/positions';
import { checkVersions } from './checkers/versions';
import type { Client } from './world/client';
import type { Scanner } from './world/scanner';
import { nodesAtRest } from './world/nodes-at-rest';
import type { Run } from './world/world';

const READ_PATIENCE_MS = 10_000;
/** Time for the answer that there is none. */
const ANSWER_MS = 250;

export class FinalChecks {
  private readonly lastReads = new Map<string, Value>();

  /** `reader`: reads and writes everything in the end; `scanner`: tells everything in the end. */
  constructor(
    private readonly run: Run,
    private readonly reader: Client,
    private readonly scanner: Scanner,
    private readonly keys: readonly Bytes[],
    private readonly doubts: Doubts,
  ) {}

  /** The copies first: while the last reads are under way a dead member may be forgotten, and its arc merged. */
  async check(history: () => readonly HistoryOperation[]): Promise<void> {
    const nodes = nodesAtRest(this.run.machines);
    const unlike = checkCopies(this.run.registry.ring, nodes) ?? checkTables(nodes);
    if (unlike) return this.run.fail(unlike.checker, unlike.text);
    for (const key of this.keys) {
      this.reader.readAtLast(key, READ_PATIENCE_MS, (result) => {
        if (!result?.ok) this.run.fail('liveness', `${key} cannot be read though everything works`);
        else this.lastReads.set(key, result.value ?? null);
      });
    }
    const allRead = (): boolean => this.lastReads.size === this.keys.length;
    if (!(await this.run.runUntil(this.run.timeline.now + READ_PATIENCE_MS, allRead))) return;
    if (!(await this.scanAtLast())) return;
    for (const key of this.keys) if (this.doubts.has(this.placed(key))) this.lastReads.delete(key);
    const certain = history().filter(({ key }) => !this.doubts.has(this.placed(key as Bytes)));
    const failure =
      checkLostWrites(certain, this.lastReads) ??
      checkLinearizability(certain) ??
      checkVersions(certain) ??
      checkPositions(certain, this.run.parameters.positionRule) ??
      checkPages(this.scanner.pages, certain, (key) => !this.doubts.has(this.placed(key as Bytes)));
    if (failure) return this.run.fail(failure.checker, failure.text);
    await this.writeAtLast();
  }

  /** What is there is told, and nothing else: what it says of each key is a read of that key. */
  private async scanAtLast(): Promise<boolean> {
    let over = false;
    this.scanner.scanAtLast(READ_PATIENCE_MS, (told) => {
      over = true;
      if (told === undefined) this.run.fail('liveness', 'the ring cannot be scanned though everything works');
    });
    return this.run.runUntil(this.run.timeline.now + READ_PATIENCE_MS + ANSWER_MS, () => over);
  }

  private placed(key: Bytes): RingKey {
    return ringKeyOf(key, this.run.parameters.positionRule);
  }

  /** Nothing that kept writes out is left. */
  private async writeAtLast(): Promise<void> {
    const view = new RingView(this.run.registry.ring);
    const isWritable = (key: Bytes): boolean => {
      const arc = view.arcOfKey(this.placed(key));
      return arc !== undefined && arc.inSync.length >= view.copiesToWrite(arc);
    };
    let open = 0;
    for (const key of this.keys.filter(isWritable)) {
      open++;
      this.reader.writeAtLast(key, READ_PATIENCE_MS, (result) => {
        open--;
        const text = result?.ok === false ? `: ${result.text}` : '';
        if (!result?.ok) this.run.fail('liveness', `${key} cannot be written though everything works${text}`);
      });
    }
    await this.run.runUntil(this.run.timeline.now + READ_PATIENCE_MS + ANSWER_MS, () => open === 0);
  }
}
