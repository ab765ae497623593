/** Asks a question again and again, with a pause between, until its answer is that something is wrong. */

export interface LookOptions {
  readonly name: string;
  /** Why there is reason to worry; undefined while there is none. */
  readonly look: () => Promise<string | undefined>;
  readonly pauseMs: () => number;
  /** Called once. */
  readonly onFault: (fault: string) => void;
}

export class RepeatedLook {
  private timer: NodeJS.Timeout | undefined;
  private over = false;

  constructor(private readonly options: LookOptions) {
    this.arm();
  }

  get name(): string {
    return this.options.name;
  }

  /** Idempotent. */
  stop(): void {
    this.over = true;
    clearTimeout(this.timer);
  }

  private arm(): void {
    if (this.over) return;
    this.timer = setTimeout(() => void this.ask(), this.options.pauseMs());
    this.timer.unref();
  }

  private async ask(): Promise<void> {
    const fault = await this.options.look();
    if (this.over) return;
    if (fault === undefined) return this.arm();
    this.over = true;
    this.options.onFault(fault);
  }
}
