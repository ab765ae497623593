/**
 * A request and its answer over the network, and all the ways in which that goes wrong for the caller: refused, lost on
 * the way there or back, the server dead before it answers, an answer that comes seconds late.
 *
 * `failed` with `sent: false` is reported only when the request certainly never reached the server.
 */

import type { Network, Party } from './network';

/** What a caller sends behind its request, on the same call. */
export type Further = (message: Uint8Array) => void;

/** A process that answers calls. */
export interface Server {
  /**
   * `reply` may be called once; `dropped` instead when the process dies first.
   * @returns where what the caller sends behind its request goes, if the method takes more
   */
  serve(
    method: string,
    request: Uint8Array,
    reply: (answer: Uint8Array) => void,
    dropped: () => void,
  ): Further | undefined;
}

export interface Caller {
  answered(answer: Uint8Array): void;
  failed(sent: boolean, text: string): void;
}

export interface CallRoute {
  readonly from: Party;
  readonly to: Party;
  /** Whoever runs there when the request arrives. */
  readonly server: () => Server | undefined;
  /** The transport may deliver it twice. */
  readonly mayDouble: boolean;
  /** How much longer than usual the request takes. */
  readonly heldUpMs?: number;
}

const NOTICED_AFTER_MS_MAX = 3_000;

/** @returns what sends more on the call; a message that overtakes the request, or whose way is cut, is lost */
export function remoteCall(
  network: Network,
  { from, to, server, mayDouble, heldUpMs }: CallRoute,
  method: string,
  request: Uint8Array,
  caller: Caller,
): Further {
  const { random, timeline } = network;
  const noticeLate = (sent: boolean, text: string): void =>
    timeline.after(random.fraction() ** 2 * NOTICED_AFTER_MS_MAX, () => caller.failed(sent, text));
  let further: Further | undefined;
  if (network.shutSince(to) !== undefined) {
    noticeLate(false, 'nobody answers at the address');
    return () => undefined;
  }
  network.send(
    from,
    to,
    () => {
      const process = server();
      if (!process) {
        const certain = random.chance(0.5);
        return timeline.after(network.delay(to, from), () => caller.failed(!certain, 'connection refused'));
      }
      further = process.serve(
        method,
        request,
        (answer) =>
          network.send(
            to,
            from,
            () => caller.answered(answer),
            () => noticeLate(true, 'the connection broke'),
          ),
        () => noticeLate(true, 'the process died'),
      );
    },
    () => noticeLate(random.chance(0.5), 'the way is cut'),
    mayDouble,
    heldUpMs,
  );
  return (message) =>
    network.send(
      from,
      to,
      () => further?.(message),
      () => undefined,
    );
}
