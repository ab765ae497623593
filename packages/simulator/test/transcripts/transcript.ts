/**
 * What of a trace a transcript shows: what nodes, registry and clients send and decide, each line with whom it is for.
 * Heartbeats and their answers, renewals, ticks and what merely arrives are left
 * out; they would be nine lines of ten.
 */

const LEFT_OUT = [
  / ⟵ /,
  / heartbeat /,
  / call \d+ (renew|member)/,
  / (connect|introduce|dial) to /,
  / close-(stream|follower) /,
  /^(message|disk|stream) /,
  /^registry (joined|changed|published)/,
  /\*\* (ring|proposed) /,
  /append \d+: known ring \d+$/,
];

export class Transcript {
  /** Who is at the other end of a connection of a process. */
  private readonly peers = new Map<string, string>();
  /** What each follower has last acknowledged, on each stream. */
  private readonly acknowledged = new Map<string, string>();

  shown(lines: readonly string[]): readonly string[] {
    for (const line of lines) this.learn(line);
    return lines
      .filter((line) => !LEFT_OUT.some((pattern) => pattern.test(line)) && !this.isRepeated(line))
      .map((line) => this.readable(line.replace(/^(step|event|client|fault) +/, '')));
  }

  private learn(line: string): void {
    const [, opener, own, primary] = /(\S+) ⟶ open (c\d+) to (n\d+)/.exec(line) ?? [];
    if (opener !== undefined) this.peers.set(`${opener} ${own}`, primary as string);
    const [, role] = /^step (\S+) ⟵ /.exec(line) ?? [];
    for (const [, connection, follower] of line.matchAll(/⇠(c\d+) \S+ \S+ open (\S+)/g))
      this.peers.set(`${role} ${connection}`, follower as string);
  }

  /** An acknowledgement that says what the last one said: it answers a heartbeat. */
  private isRepeated(line: string): boolean {
    const [, stream, what] = /^step (\S+ ⟶ \S+) \S+ \S+ ack (.*)$/.exec(line) ?? [];
    if (stream === undefined) return false;
    const repeated = this.acknowledged.get(stream) === what;
    this.acknowledged.set(stream, what as string);
    return repeated;
  }

  private readable(line: string): string {
    return line
      .replace(
        /^(\S+) ⟶ (c\d+)⇢/,
        (_, from: string, connection: string) =>
          `${from} → ${this.peers.get(`${from} ${connection}`) ?? connection}:`,
      )
      .replace(/^(\S+) ⟶ open c\d+ to (\S+)/, '$1 → $2:')
      .replace(/^(\S+) ⟶ call \d+ /, '$1 → registry: ')
      .replace(/^(\S+) ⟶ append \d+:/, '$1 log:')
      .replace(/^(\S+) ⟶ answer \d+:/, '$1 answers')
      .replace(/^registry ring/, 'registry: ring')
      .replaceAll(/#1\b/g, '')
      .trimEnd();
  }
}
