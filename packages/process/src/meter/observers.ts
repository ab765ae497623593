/**
 * Several observers as one. An observer has a method for each kind of fact that it wants. For a kind that nobody wants
 * there is no method, so the reporter need not even put the fact together.
 *
 * What an observer throws is its own problem: the others hear the fact, and the work that it describes goes on.
 */

/** Every kind of fact of an observer: a missing one does not compile. */
export type FactKinds<Observer> = Readonly<Record<keyof Observer, true>>;

type Hears = (fact: unknown) => void;

export function observersAsOne<Observer extends object>(
  kinds: FactKinds<Observer>,
  observers: readonly Observer[],
  failed: (error: Error) => void,
): Observer {
  const all: Partial<Record<keyof Observer, Hears>> = {};
  for (const kind of Object.keys(kinds) as (keyof Observer)[]) {
    const hearing = observers.filter((observer) => observer[kind] !== undefined);
    if (hearing.length === 0) continue;
    all[kind] = (fact) => {
      for (const observer of hearing) {
        try {
          (observer[kind] as Hears)(fact);
        } catch (error) {
          failed(error as Error);
        }
      }
    };
  }
  return all as Observer;
}
