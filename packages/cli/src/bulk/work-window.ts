/** Limits what is outstanding, in operations and bytes, and lets its owner wait for room. */

export class WorkWindow {
  private operations = 0;
  private bytes = 0;
  private wake: (() => void) | undefined;

  constructor(
    private readonly operationsMax: number,
    private readonly bytesMax: number,
  ) {}

  enter(bytes: number): void {
    this.operations++;
    this.bytes += bytes;
  }

  leave(bytes: number): void {
    this.operations--;
    this.bytes -= bytes;
    if (this.hasRoom || this.operations === 0) this.wake?.();
  }

  get hasRoom(): boolean {
    return this.operations < this.operationsMax && this.bytes < this.bytesMax;
  }

  /** For one waiter at a time. */
  async room(): Promise<void> {
    while (!this.hasRoom) await this.change();
  }

  async empty(): Promise<void> {
    while (this.operations > 0) await this.change();
  }

  private change(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = () => {
        this.wake = undefined;
        resolve();
      };
    });
  }
}
