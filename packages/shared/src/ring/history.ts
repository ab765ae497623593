/**
 * Which history a version of the ring belongs to.
 *
 * Versions alone do not tell. A registry that was started on an old copy of its data counts on from there, and its
 * version numbers overtake those of the first history. So each start of a registry draws an id, its run, and begins a
 * version of its own with it. A ring names all runs that led to it. (version, run) is known to a ring when that run
 * made that version in the ring's own past.
 */

/** A start of the registry: a random id, never 0. */
export type RunId = bigint;

export interface Run {
  readonly id: RunId;
  /** The first version that it made. */
  readonly firstVersion: number;
}

/** A version of the ring and the run that made it. Version 0: none at all; run 0: from before runs were counted. */
export interface KnownRing {
  readonly version: number;
  readonly run: RunId;
}

export const NOTHING_KNOWN: KnownRing = { version: 0, run: 0n };

/**
 * How many runs are remembered: one a day for more than a year, and not much in a message. A node that was last there
 * before the oldest of them cannot be told from a node of another history.
 */
export const RUNS_MAX = 512;

interface Historic {
  readonly version: number;
  readonly runs: readonly Run[];
}

/** What a holder of this ring knows. */
export function knownOf({ version, runs }: Historic): KnownRing {
  return { version, run: runs.at(-1)?.id ?? 0n };
}

export function sameKnown(a: KnownRing, b: KnownRing): boolean {
  return a.version === b.version && a.run === b.run;
}

/** `too old`: its run is not remembered any more, if there was such a run. */
export type Standing = 'known' | 'unknown' | 'too old';

/** Whether a version that somebody knows belongs to this ring's past or is this ring's own. */
export function standingOf({ version, run }: KnownRing, ring: Historic): Standing {
  if (version === 0) return 'known';
  const { runs } = ring;
  // One of the two is from before runs were counted: there is nothing but the number to compare.
  if (run === 0n || runs.length === 0) return version <= ring.version ? 'known' : 'unknown';
  const index = runs.findLastIndex(({ id }) => id === run);
  if (index === -1) {
    const oldest = runs[0] as Run;
    return runs.length === RUNS_MAX && version < oldest.firstVersion ? 'too old' : 'unknown';
  }
  const last = (runs[index + 1]?.firstVersion ?? ring.version + 1) - 1;
  return version >= (runs[index] as Run).firstVersion && version <= last ? 'known' : 'unknown';
}

export function isKnown(known: KnownRing, ring: Historic): boolean {
  return standingOf(known, ring) === 'known';
}

/** The runs with some more added; the oldest are forgotten. */
export function withRuns(runs: readonly Run[], more: readonly Run[]): readonly Run[] {
  return more.length === 0 ? runs : [...runs, ...more].slice(-RUNS_MAX);
}

/** The runs of `to` that `from` lacks. */
export function runsSince(from: readonly Run[], to: readonly Run[]): readonly Run[] {
  const last = from.at(-1)?.firstVersion ?? 0;
  return to.filter(({ firstVersion }) => firstVersion > last);
}

/** What is wrong with the runs of a version, or undefined: each began after the one before it, and none is named twice. */
export function runsFault({ version, runs }: Historic): string | undefined {
  if (runs.length > RUNS_MAX) return `more than ${RUNS_MAX} runs`;
  let last = 0;
  for (const { id, firstVersion } of runs) {
    if (id === 0n) return 'a run without an id';
    if (firstVersion <= last) return `a run that begins with version ${firstVersion} after ${last}`;
    last = firstVersion;
  }
  if (last > version) return `a run that begins with version ${last}, beyond ${version}`;
  return new Set(runs.map(({ id }) => id)).size === runs.length ? undefined : 'a run twice';
}

/** As text for people. */
export function formatKnown({ version, run }: KnownRing): string {
  return `version ${version} of run ${formatRun(run)}`;
}

export function formatRun(id: RunId): string {
  return id.toString(16).padStart(16, '0');
}
