/**
 * Output that nobody takes any more: `head` has read enough, the disk behind a redirection is full, or the terminal is
 * gone.
 *
 * At the first such error Node.js ends the process in the middle of its work. But what a program does must not depend
 * on whether somebody reads its output. Here the error is kept as a fact and the program goes on. A program that only
 * writes may stop at the signal.
 */

export interface OutputLoss {
  /** Aborted when the first write has failed; its reason is the error. */
  readonly signal: AbortSignal;
  /** The error, unless it only says that the reader has had enough. */
  readonly error: Error | undefined;
}

export function surviveLoss(stream: NodeJS.WritableStream): OutputLoss {
  const lost = new AbortController();
  stream.on('error', (error: Error) => lost.abort(error));
  const { signal } = lost;
  return {
    signal,
    get error() {
      const reason = signal.reason as NodeJS.ErrnoException | undefined;
      return reason?.code === 'EPIPE' ? undefined : reason;
    },
  };
}

/** Resolves when everything written so far has been taken or has failed. */
export function flushed(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    // The error event of a failed write comes after its callback.
    stream.write('', () => setImmediate(resolve));
  });
}
