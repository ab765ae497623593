/** How far a takeover has come, with no more than it asks for: the time, the grants and the copy. */

import type { RingKey } from '@ringkeep/shared';
import type { NodeEvent, LogRecord } from '../../src/core';
import { GrantLedger } from '../../src/core/follower/grant-ledger';
import { NUMBERS_LEFT_OUT } from '../../src/core/limits';
import { Takeover } from '../../src/core/primary/takeover';
import { Journal } from '../../src/core/replica/journal';
import { ReplicaStore } from '../../src/core/replica/replica-store';
import { PROTOCOL_RULES } from '../../src/core/rules';
import { MemoryEntryStore } from '../../src/storage';
import { arc, SELF } from './stepped-node';

class Stage {
  now = 1_000;
  readonly rules = PROTOCOL_RULES;
  readonly grants = new GrantLedger(0);
  readonly replicas = new ReplicaStore(new MemoryEntryStore());
  readonly journal = new Journal(this.replicas, () => undefined);
  readonly wakes: number[] = [];
  readonly events: NodeEvent[] = [];

  constructor(...records: LogRecord[]) {
    this.journal.write({ kind: 'create', range: { start: SELF, end: SELF }, complete: true });
    for (const record of records) this.journal.write(record);
  }

  get copy() {
    const copy = this.replicas.get(SELF);
    if (!copy) throw new Error('the stage has a copy');
    return copy;
  }

  wakeAt(time: number): void {
    this.wakes.push(time);
  }

  report(event: NodeEvent): void {
    this.events.push(event);
  }

  takeover(config = arc()): Takeover {
    return new Takeover(this, config, this.copy);
  }
}

test('it waits until the last grant on the range is over, and asks for a tick then', () => {
  const stage = new Stage();
  stage.grants.grant({ start: SELF, end: SELF }, 1_400);
  const takeover = stage.takeover();
  expect([takeover.waitsOutGrants, takeover.grantsAreOver(), stage.wakes]).toEqual([true, false, [1_400]]);
  stage.now = 1_400;
  expect([takeover.grantsAreOver(), takeover.waitsOutGrants, takeover.isOver]).toEqual([true, false, false]);
});

test('it waits for nobody who has handed over', () => {
  const stage = new Stage();
  stage.grants.grant({ start: SELF, end: SELF }, 1_400);
  expect(stage.takeover(arc({ handover: true })).grantsAreOver()).toBe(true);
});

test('a member is told the hash of no term until the term is open, and then that of the term', () => {
  const stage = new Stage();
  const takeover = stage.takeover();
  expect(takeover.hashAt(0)).toEqual({ term: 0, value: 0 });
  stage.now = 1_250;
  const open = arc({ term: 7 });
  takeover.open(open);
  expect(takeover.hashAt(0)).toEqual({ term: 7, value: 0 });
  expect(stage.events).toEqual([{ kind: 'role-open', arc: open, term: 7, afterMs: 250 }]);
});

test('where a person has decided for a log numbers go on far above all that is known, once', () => {
  const stage = new Stage({ kind: 'live-term', start: SELF, term: 3 });
  const takeover = stage.takeover();
  expect(takeover.jumpOverLoss(arc({ term: 3, seq: 0 }))).toBeUndefined();
  expect(takeover.jumpOverLoss(arc({ term: 3, seq: 12 }))).toBe(12 + NUMBERS_LEFT_OUT);
  expect(stage.copy).toMatchObject({ lastPrepared: 12 + NUMBERS_LEFT_OUT, committed: 12 + NUMBERS_LEFT_OUT });
  expect(takeover.jumpOverLoss(arc({ term: 3, seq: 12 }))).toBeUndefined();
});

test('so they do above a log that is longer than the arc’s last number, until a later term has written', () => {
  const entry = { key: `${'\0'.repeat(8)}k` as RingKey, value: undefined };
  const stage = new Stage(
    { kind: 'live-term', start: SELF, term: 3 },
    { kind: 'prepare', start: SELF, firstSeq: 1, ops: [entry, entry] },
    { kind: 'commit', start: SELF, seq: 2 },
  );
  const takeover = stage.takeover();
  expect(takeover.jumpOverLoss(arc({ term: 5, seq: 1 }))).toBeUndefined();
  stage.journal.write({ kind: 'overrule', start: SELF, term: 4 });
  expect(takeover.jumpOverLoss(arc({ term: 5, seq: 1 }))).toBe(2 + NUMBERS_LEFT_OUT);
  expect(takeover.jumpOverLoss(arc({ term: 5, seq: 1 }))).toBeUndefined();
});

test('an open term is opened again when its arc was stopped meanwhile', () => {
  const takeover = new Stage().takeover();
  takeover.open(arc());
  takeover.reopen();
  expect([takeover.isOver, takeover.waitsOutGrants, takeover.grantsAreOver()]).toEqual([false, false, true]);
});
