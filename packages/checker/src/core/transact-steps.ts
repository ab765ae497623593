/** What a transaction may have done to one of its keys: one step for each branch that it may have taken. */

import type { HistoryOperation } from './history';
import type { HistoryCondition, Value } from './history-values';
import { ANY, bounds, wantedBy, type KvStep, type Turn, type ValueTable } from './kv-step';
import { UNKNOWN, walk, type Part, type Told, type TransactionPart } from './transaction-part';

type Transact = Extract<HistoryOperation, { op: 'transact' }>;

export function transactSteps(operation: Transact, table: ValueTable): KvStep[] {
  if (operation.outcome === 'fail') return [];
  const step = operation.outcome === 'ok' ? toldStep(operation, table) : undefined;
  if (step !== undefined || operation.outcome === 'ok') return step === undefined ? [] : [step];
  return untoldSteps(operation, table);
}

/** It says which branch it took. */
function toldStep(operation: Transact, table: ValueTable): KvStep | undefined {
  const { conditions, elsewhere, held, told } = operation;
  if (held === true) return branchStep(operation.then, told, conditions, true, table);
  // Without conditions all hold.
  if (conditions.length === 0 && !elsewhere) return impossible(table);
  // Which of several conditions did not hold is not said.
  const known = conditions.length === 1 && !elsewhere ? conditions : [];
  return branchStep(operation.else, told, known, false, table);
}

/** Nobody was told which branch it took, if it took effect at all. */
function untoldSteps(operation: Transact, table: ValueTable): KvStep[] {
  const { conditions, elsewhere } = operation;
  const isDecidedHere = !elsewhere && conditions.every(({ is }) => is !== 'version');
  if (isDecidedHere) return [{ needs: ANY, avoids: ANY, makes: ANY, turns: deciding(operation, table) }];
  const held = branchStep(operation.then, undefined, conditions, true, table);
  const other = branchStep(operation.else, undefined, [], false, table);
  // What changes nothing says nothing.
  return [held, other]
    .filter((step) => step !== undefined)
    .filter((step) => step.makes !== ANY || step.turns);
}

function branchStep(
  parts: readonly Part[],
  told: readonly Told[] | undefined,
  conditions: readonly HistoryCondition[],
  isHeld: boolean,
  table: ValueTable,
): KvStep | undefined {
  const wanted = conditions
    // The key may have had the value of a version again, under another version.
    .filter((condition) => isHeld || condition.is !== 'version' || condition.version === 0)
    .map((condition) => wantedBy(condition, table))
    .filter((each) => each !== undefined)
    .map((each) => bounds(each, isHeld));
  const walked = walk(parts, told, UNKNOWN);
  const needed = wanted.map(([needs]) => needs).filter((state) => state !== ANY);
  if (walked && walked.begins !== UNKNOWN) needed.push(table.numberOf(walked.begins));
  const needs = needed[0] ?? ANY;
  const avoids = wanted.map(([, state]) => state).find((state) => state !== ANY) ?? ANY;
  // It was told what it cannot have been: that is possible nowhere.
  const isImpossible = walked === undefined || needed.some((state) => state !== needs);
  if (isImpossible) return impossible(table);
  if (!walked.writes) return needs === ANY && avoids === ANY ? undefined : { needs, avoids, makes: ANY };
  if (!walked.depends && walked.leaves !== UNKNOWN)
    return { needs, avoids, makes: table.numberOf(walked.leaves) };
  return { needs, avoids, makes: ANY, turns: goingThrough(parts, told, table) };
}

function impossible(table: ValueTable): KvStep {
  const absent = table.numberOf(null);
  return { needs: absent, avoids: absent, makes: ANY };
}

/** What parts make depends on what is there. */
function goingThrough(parts: readonly Part[], told: readonly Told[] | undefined, table: ValueTable): Turn {
  return {
    kind: `transact ${JSON.stringify([parts, told])}`,
    of: (state) => {
      const leaves = walk(parts, told, table.valueOf(state))?.leaves;
      return leaves === undefined || leaves === UNKNOWN ? undefined : table.numberOf(leaves);
    },
  };
}

/** The state decides which branch is taken. */
function deciding(part: TransactionPart, table: ValueTable): Turn {
  const { conditions, then, else: otherwise } = part;
  return {
    kind: `transact ${JSON.stringify([conditions, then, otherwise])}`,
    of: (state) => {
      const value = table.valueOf(state);
      const branch = conditions.every((condition) => isSo(condition, value)) ? then : otherwise;
      const leaves = walk(branch, undefined, value)?.leaves;
      return leaves === undefined || leaves === UNKNOWN ? undefined : table.numberOf(leaves);
    },
  };
}

function isSo(condition: HistoryCondition, value: Value): boolean {
  switch (condition.is) {
    case 'absent':
      return value === null;
    case 'present':
      return value !== null;
    case 'value':
      return value === condition.value;
    case 'version':
      return condition.version === 0 && value === null;
  }
}
