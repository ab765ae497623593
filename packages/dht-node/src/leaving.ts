/** Leaving the ring: one attempt at a time, answered when the node has left or cannot leave. */

export class Leaving {
  private promise: Promise<void> | undefined;
  private resolve: () => void = () => undefined;
  private reject: (error: Error) => void = () => undefined;

  /** `begin` is called unless it is under way already. */
  ask(begin: () => void): Promise<void> {
    if (this.promise) return this.promise;
    const promise = new Promise<void>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise = promise;
    begin();
    return promise;
  }

  succeed(): void {
    this.resolve();
  }

  fail(error: Error): void {
    this.reject(error);
  }

  /** It may be asked again. */
  refuse(error: Error): void {
    this.reject(error);
    this.promise = undefined;
  }
}
