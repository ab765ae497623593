/** Numbers for the states that a search meets, so that it compares and stores integers only. */

import type { Model } from './model';

export class StateTable<State, Operation> {
  private readonly states: State[] = [];
  private readonly idsByHash = new Map<number, number[]>();

  constructor(private readonly model: Model<State, Operation>) {}

  idOf(state: State): number {
    const hash = this.model.hash(state) | 0;
    const ids = this.idsByHash.get(hash);
    for (const id of ids ?? []) if (this.model.equal(this.states[id] as State, state)) return id;
    const id = this.states.push(state) - 1;
    if (ids) ids.push(id);
    else this.idsByHash.set(hash, [id]);
    return id;
  }

  stateOf(id: number): State {
    return this.states[id] as State;
  }

  /** The number of the state after an operation, or −1 when it is not possible. */
  step(id: number, operation: Operation): number {
    const next = this.model.step(this.states[id] as State, operation);
    return next === undefined ? -1 : this.idOf(next);
  }
}
