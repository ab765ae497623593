/** What is fed to a parser, and what must hold of whatever it makes of it. */

import fc from 'fast-check';

/** How long a parser may take for one input, ms: a collection of garbage is in it. */
const INPUT_MS_MAX = 2_000;

/** One parser, with inputs of one kind. */
export interface FuzzCase {
  readonly name: string;
  /** Throws if it does not hold of an input; also if that took too long. */
  readonly property: fc.IProperty<unknown>;
}

export interface FuzzTarget {
  /** What is fed, in a few words. */
  readonly text: string;
  /** Each gets its share of the inputs. */
  readonly cases: readonly FuzzCase[];
}

export function fuzzCase<Input>(
  name: string,
  inputs: fc.Arbitrary<Input>,
  check: (input: Input) => void,
): FuzzCase {
  const timed = (input: Input): void => {
    const startedMs = performance.now();
    check(input);
    const tookMs = performance.now() - startedMs;
    if (tookMs > INPUT_MS_MAX) throw new Error(`it took ${Math.round(tookMs)} ms`);
  };
  return { name, property: fc.property(inputs, timed) as fc.IProperty<unknown> };
}

/** Any bytes, one character each. */
export const anyBytes = (maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes).toString('latin1'));

/** Pieces of the grammar in any order, with other bytes among them. */
export const anyOf = (pieces: readonly string[], maxLength: number): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...pieces) }, anyBytes(8)), { maxLength })
    .map((parts) => parts.join(''));
