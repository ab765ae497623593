/** The pages of scans that a primary answers from its arc (pages.ts reads one). Ask only while it may read. */

import type { KeyRange } from '@ringkeep/shared';
import type { OperationOf } from '@ringkeep/shared/operations/operation';
import { decodeScanQuery } from '@ringkeep/shared/scans/scan-query';
import type { Clocked, RingKnowledge, RuleSettings, StoredCopies } from '../context';
import type { Replica } from '../replica/replica';
import type { Configurations } from './configurations';
import { readPage, type ReadPage } from './pages';

type PagesContext = Clocked & RingKnowledge & StoredCopies & RuleSettings;

export class ArcPages {
  constructor(
    private readonly context: PagesContext,
    private readonly configurations: Configurations,
    private readonly replica: Replica,
  ) {}

  /** By which time the keys of a page end that is looked at for the first time now. */
  get dueAtMs(): number {
    const { isSure, wallMs } = this.context.clock;
    return isSure ? wallMs : Number.NEGATIVE_INFINITY;
  }

  /** Throws RingError when there can be no such page. */
  read({ key, page }: OperationOf<'scan'>, dueAtMs: number): ReadPage {
    const { rules, replicas, parameters, view } = this.context;
    const { configurations, replica } = this;
    const source = {
      walk: (range: KeyRange, reverse: boolean) =>
        rules.walkOfPage(replicas.entries.walk(range, reverse), replica),
      walkKeys: (keys: KeyRange, reverse: boolean, within: KeyRange) =>
        replicas.entries.walkKeys(keys, reverse, within),
      arc: rules.arcOfPage(configurations.newest, view.ring),
      seq: replica.committed,
      rule: parameters.positionRule,
      isOver: (expiresAtMs: number) => rules.isAnswerOver(expiresAtMs <= dueAtMs),
    };
    return readPage(source, key, decodeScanQuery(page));
  }
}
