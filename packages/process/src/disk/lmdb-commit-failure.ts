/**
 * Why a commit of LMDB failed. lmdb-js reports the reason by a second promise, and also rejects promises that it has
 * handed to nobody. Those would end the process if they were left alone, although the transaction's own promise has
 * already reported the failure.
 */

let tolerating = false;

/** Of the error with which a transaction was rejected. */
export async function commitFailure(error: Error & { commitError?: Promise<never> }): Promise<Error> {
  toleratePromisesOfFailedCommits();
  try {
    await error.commitError;
  } catch (cause) {
    return cause as Error;
  }
  return error;
}

/** Some are rejected a while later. */
function toleratePromisesOfFailedCommits(): void {
  if (tolerating) return;
  tolerating = true;
  process.on('unhandledRejection', (reason) => {
    if (!(reason instanceof Error && 'commitError' in reason)) throw reason;
  });
}
