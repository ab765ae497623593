/**
 * Why a commit of LMDB failed. lmdb-js tells it by a second promise, and rejects others that it has handed to nobody;
 * left alone, those would end the process, which has heard of the failure by the transaction's own promise.
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
