/** Watches the steps of a node's core: each is recorded in the trace, and none may be taken in vain again and again. */

import type { NodeCore, NodeEffect, NodeInput } from '@ringkeep/dht-node/core';
import type { StepObserver } from '@ringkeep/dht-node/hosting';
import { FruitlessSteps } from '../checkers/fruitless-steps';
import { OverAnswers } from '../checkers/over-answers';
import { describeEffect, describeInput } from './descriptions';
import type { DriftingClock } from './drifting-clock';
import type { Surroundings } from './surroundings';

export class WatchedSteps implements StepObserver {
  private readonly fruitlessSteps: FruitlessSteps;
  private readonly overAnswers: OverAnswers;
  /** Why the registry refuses the node, if it does. */
  refusal: string | undefined;

  constructor(
    private readonly world: Surroundings,
    private readonly name: string,
    private readonly core: NodeCore,
    private readonly clock: DriftingClock,
  ) {
    this.fruitlessSteps = new FruitlessSteps(name);
    this.overAnswers = new OverAnswers(name, core);
  }

  before(inputs: readonly NodeInput[]): void {
    this.overAnswers.note(inputs);
    const { trace, names } = this.world;
    trace.note(
      'step',
      () => `${this.name} ⟵ ${inputs.map((input) => describeInput(input, names)).join(' | ')}`,
    );
  }

  after(inputs: readonly NodeInput[], effects: readonly NodeEffect[]): void {
    this.checkFruit(inputs, effects);
    const failure = this.overAnswers.check(inputs, effects);
    if (failure) this.world.fail(failure.checker, failure.text);
    const { trace, names } = this.world;
    for (const effect of effects) {
      if (effect.kind === 'refused') this.refusal = effect.text;
      if (effect.kind === 'watch-told') this.checkCommitted(effect);
      if (effect.kind !== 'event')
        trace.note('step', () => `${this.name} ⟶ ${describeEffect(effect, names)}`);
    }
  }

  /** No watcher is told of what is not committed. */
  private checkCommitted({ changes }: Extract<NodeEffect, { kind: 'watch-told' }>): void {
    for (const { seq, entry } of changes) {
      const copy = this.core.replicas.all().find(({ holds }) => holds(entry.key));
      if (!copy?.complete || seq <= copy.committed) continue;
      const text = `${this.name} tells a watcher of ${seq}, and ${copy.committed} is committed`;
      this.world.fail('watches', text);
    }
  }

  private checkFruit(inputs: readonly NodeInput[], effects: readonly NodeEffect[]): void {
    const fruitless = effects.length === 0 && inputs.every(({ kind }) => kind === 'tick');
    const failure = this.fruitlessSteps.taken(this.clock.now, this.core.nextTickAt, fruitless);
    if (failure) this.world.fail(failure.checker, failure.text);
  }
}
