/**
 * Several observers as one. An observer has a method for each kind of fact that it wants to hear; of a kind that nobody
 * wants there is none, so that whoever would tell it need not even put it together.
 *
 * What an observer throws is its own affair: the others hear the fact, and what it is about goes on.
 */

/** Every kind of fact of an observer: one that is missing does not compile. */
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
