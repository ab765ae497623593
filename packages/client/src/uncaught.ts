/**
 * Callbacks of the application. What one throws is the application's own error: the process hears of it as of any
 * uncaught error, and the client goes on, for other callers wait for it.
 */
export function callSafely<Arguments extends unknown[]>(
  callback: (...given: Arguments) => unknown,
  ...given: Arguments
): void {
  try {
    callback(...given);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
