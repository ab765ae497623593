/** What `ring` and `nodes` have in common: looking at the ring, repeating that, and the exit code. */

import { option, optionValues } from '@ringkeep/process/command-line';
import { refusesWrites, type RingState } from '@ringkeep/shared';
import type { CommandContext } from './command';
import { ExitCode } from '../failure';
import { lookAtRing, type RingSeen } from '../ring-look';
import { StatusWatch, type StatusSeen } from '../status-watch';

export type Seen = StatusSeen<RingSeen>;

export const WATCH = option({
  flag: '--watch',
  text: 'keep running and report each change',
  read: optionValues.yesOrNo,
  default: false,
});

const CODES: Readonly<Record<RingState, ExitCode>> = {
  healthy: ExitCode.Ok,
  degraded: ExitCode.Degraded,
  unavailable: ExitCode.Unavailable,
};

/** Shows what is seen, once or, with --watch, at each change. Returns the code of what was seen last. */
export async function showStatus(
  { ring: access, signal, output }: CommandContext,
  { withinMs, watch }: { readonly withinMs: number; readonly watch: boolean },
  show: (seen: Seen) => void,
): Promise<{ readonly code: ExitCode; readonly last: Seen }> {
  const client = await access.client(signal);
  const status = new StatusWatch(() => lookAtRing(access, client, withinMs));
  let last = watch ? undefined : await status.lookOnce(signal);
  if (last !== undefined) show(last);
  else {
    const over = output.lost === undefined ? signal : AbortSignal.any([signal, output.lost]);
    for await (const seen of status.changes(over)) show((last = seen));
  }
  last ??= await status.look();
  return { code: CODES[last.status.state], last };
}

/** The status as JSON. */
export function statusJson({ status, leftMs, text }: Seen): object {
  const { state, wanted, missing, isRepairing, down, arcs, registryTrouble } = status;
  return {
    state,
    text,
    copiesWanted: wanted,
    copiesMissing: missing,
    repairing: isRepairing,
    leftMs: leftMs === undefined ? null : Math.round(leftMs),
    arcsRefusingWrites: arcs.filter(refusesWrites).length,
    down: down.map(({ addr }) => addr),
    registryTrouble: registryTrouble ?? null,
  };
}
