/**
 * The port to the event loop: when the host and the storage get their turns. The simulator has its own, on virtual
 * time, with slow processors and stopped processes.
 */

/** What `later` returned. */
export type Timer = object;

export interface EventLoop {
  /** Runs the action when the present work is done, before anything else gets its turn. */
  next(action: () => void): void;
  /** Runs the action at the end of this turn, after everything that has arrived by then. */
  soon(action: () => void): void;
  /** Runs the action after this much time. The process may end before an action that is `unawaited`. */
  later(delayMs: number, action: () => void, unawaited?: boolean): Timer;
  cancel(timer: Timer | undefined): void;
}

export const NODE_EVENT_LOOP: EventLoop = {
  next: (action) => process.nextTick(action),
  soon: (action) => void setImmediate(action),
  later: (delayMs, action, unawaited = false) => {
    const timer = setTimeout(action, delayMs);
    return unawaited ? timer.unref() : timer;
  },
  cancel: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
};
