/**
 * Calls callbacks of the application. What one throws is the application's own error: the process hears of it like of
 * any uncaught error. The client goes on, because other callers wait for it.
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
