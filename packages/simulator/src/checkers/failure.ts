/** A rule that a run broke. */

export interface Failure {
  /** The checker that found it. */
  readonly checker: string;
  readonly text: string;
}
