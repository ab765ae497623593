/**
 * The story of a run, line by line, and its hash.
 *
 * Texts cost more than the run itself, so a line is a function, which is called only when somebody keeps the story. The
 * hash of a run that is not kept covers the times of its lines; that of a kept run covers every character too.
 */

export type TraceKind =
  'fault' | 'step' | 'message' | 'stream' | 'disk' | 'registry' | 'client' | 'event' | 'check';

export interface TraceLine {
  readonly atMs: number;
  readonly kind: TraceKind;
  readonly text: string;
}

export class Trace {
  readonly lines: TraceLine[] = [];
  private hash = 0x811c9dc5;

  constructor(
    private readonly clock: { readonly now: number },
    private readonly keep: boolean,
  ) {}

  note(kind: TraceKind, text: () => string): void {
    const atMs = this.clock.now;
    this.foldNumber(Math.floor(atMs * 1e6));
    if (!this.keep) return;
    const line: TraceLine = { atMs, kind, text: text() };
    for (let i = 0; i < line.text.length; i++) this.foldNumber(line.text.charCodeAt(i));
    this.lines.push(line);
  }

  /** A hash (FNV-1a) of everything noted so far, as eight hexadecimal digits. */
  get digest(): string {
    return (this.hash >>> 0).toString(16).padStart(8, '0');
  }

  private foldNumber(value: number): void {
    this.hash = Math.imul(this.hash ^ value, 0x01000193);
  }
}

export function formatLine({ atMs, kind, text }: TraceLine): string {
  return `${atMs.toFixed(3).padStart(11)}  ${kind.padEnd(8)} ${text}`;
}
