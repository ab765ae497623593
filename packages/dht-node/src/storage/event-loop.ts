/**
 * The port to the event loop: when the host and the storage get their turns. The simulator has one of its own, on
 * virtual time, with slow processors and processes that are stopped.
 */

/** Whatever `later` gave. */
export type Timer = object;

export interface EventLoop {
  /** Runs the action when what is under way is done, before anything else gets its turn. */
  next(action: () => void): void;
  /** Runs the action at the end of this turn, behind all that has arrived by then. */
  soon(action: () => void): void;
  /** Runs the action when so much time has passed. The process may end before one that is `unawaited`. */
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
