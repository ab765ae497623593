/**
 * How a rule is left out: the wrong version of its decision stands in. Decisions that make up one rule are wrong together.
 *
 * The wrong versions are one more implementation of the same interface, so that a decision without one does not compile.
 */

/** By which name each decision is left out. */
export type RuleNames<Decisions> = Readonly<Record<keyof Decisions, string>>;

/** The right decisions, but the wrong versions of those that make up the rules that are left out. */
export function decisionsWithout<Decisions extends object>(
  leftOut: readonly string[],
  right: Decisions,
  wrong: Decisions,
  ruleOf: RuleNames<Decisions>,
): Decisions {
  const decisions = { ...right };
  for (const name of Object.keys(ruleOf) as (keyof Decisions)[])
    if (leftOut.includes(ruleOf[name])) decisions[name] = wrong[name];
  return decisions;
}
