/** Rules of the session. A simulator may leave out each of them to show that it is needed. */

export interface ClientRules {
  /** A write that a stream carried when it broke is never sent again: it may have happened. */
  readonly brokenWritesNotResent: boolean;
  /** Nor is a write whose node was declared dead and replaced before it answered. */
  readonly replacedWritesNotResent: boolean;
  /** A source of news that gives reason for complaint is left for another one. */
  readonly standingSourcesLeft: boolean;
}

export const ALL_CLIENT_RULES: ClientRules = {
  brokenWritesNotResent: true,
  replacedWritesNotResent: true,
  standingSourcesLeft: true,
};
