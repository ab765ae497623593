/** Repeats a check, with a pause in between, until it finds something wrong. */

export interface LookOptions {
  readonly name: string;
  /** What is wrong; undefined while nothing is. */
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
