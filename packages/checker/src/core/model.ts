/**
 * What a checked object does: the specification that a history is compared with.
 *
 * An operation carries its recorded result, so "possible" means that it could have answered exactly that from this
 * state. The search needs no more than `initial`, `step`, `equal` and `hash`. Traits let it leave out orders that
 * cannot matter; a model that knows none may leave them out.
 */

export interface Model<State, Operation> {
  readonly initial: State;
  /** The state after the operation, or undefined when it could not have had its result there. */
  step(state: State, operation: Operation): State | undefined;
  equal(a: State, b: State): boolean;
  /** Equal states have equal hashes; any number, rounded to 32 bits. */
  hash(state: State): number;
  traits?(operation: Operation): Traits<State>;
}

/** What can be said of an operation without knowing the state. */
export interface Traits<State> {
  /** It never changes the state. */
  readonly readOnly: boolean;
  /** It is possible in every state. */
  readonly total: boolean;
  /** The only state in which it is possible, if that is known. */
  readonly needs?: State;
  /** The state that it leaves behind, if that is the same wherever it starts. Not for readOnly ones. */
  readonly makes?: State;
  /** Operations of one kind are interchangeable while their outcome is unknown. */
  readonly kind?: string;
}

/** An operation at the places of its call and its return in the order of all events; no two share a place. */
export interface TimedOperation<Operation> {
  readonly operation: Operation;
  readonly callAt: number;
  /** Infinity for an unknown outcome: it may take effect once, at any time after its call, or never. */
  readonly returnAt: number;
}
