/**
 * The time from a node's start until it serves its own part of the ring: it reports what it waits for, and when it
 * gives up.
 *
 * It gives up on a registry that does not answer, and at once if something else answers there. Once registered, it has
 * a place that others know, and waits for as long as it takes: a large arc is being copied, or the only node with its
 * keys is down.
 */

import { RingError } from '@ringkeep/shared';
import { isLasting, mismatch, type ServerFound } from '@ringkeep/process/probes';
import type { Logger } from '@ringkeep/process/running';
import type { NodeCore } from './core/node';

/** After this long, a node that is not ready yet reports why. */
const PATIENCE_MS = 5_000;

export interface JoiningSettings {
  readonly registryAddress: string;
  readonly timeoutMs: number;
  readonly patienceMs?: number;
  /** Finds out what there is at the registry's address. */
  readonly examine?: () => Promise<ServerFound>;
}

export class Joining {
  /** Resolves when the node has joined. */
  readonly done: Promise<void>;
  registered = false;
  private over = false;
  private examining = false;
  private waitsForPlace = false;
  private resolve: () => void = () => undefined;
  private reject: (error: Error) => void = () => undefined;
  private trouble: string;
  private readonly timers: NodeJS.Timeout[];

  /** `waitsFor` says what a node that is registered still lacks. */
  constructor(
    private readonly settings: JoiningSettings,
    private readonly log: Logger,
    private readonly waitsFor: () => string,
  ) {
    this.trouble = `the registry at ${settings.registryAddress} does not answer`;
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.timers = [
      setTimeout(() => this.timeIsUp(), settings.timeoutMs),
      setTimeout(() => this.explain(), settings.patienceMs ?? PATIENCE_MS),
    ];
  }

  registryIsSilent(reason: string): void {
    const { registryAddress } = this.settings;
    this.trouble = `the registry at ${registryAddress} does not answer (${reason})`;
    if (this.registered) return;
    this.log.warn('waiting for the registry', { address: registryAddress });
    void this.examine();
  }

  /** The registry answers but has no place for the node yet: `reason` says why, and for how long. */
  placeIsHeld(reason: string): void {
    this.trouble = `its place is not free: ${reason}`;
    if (!this.waitsForPlace && !this.over) {
      this.log.warn('waits for its place', { reason, atMostMs: this.settings.timeoutMs });
    }
    this.waitsForPlace = true;
  }

  /** Whichever comes first counts. */
  succeed(): void {
    this.finish();
    this.resolve();
  }

  fail(error: Error): void {
    this.finish();
    this.reject(error);
  }

  private finish(): void {
    this.over = true;
    this.timers.forEach(clearTimeout);
  }

  private async examine(): Promise<void> {
    const { registryAddress, examine } = this.settings;
    if (examine === undefined || this.examining) return;
    this.examining = true;
    const found = await examine();
    this.examining = false;
    const what = mismatch(found, 'registry');
    if (what === undefined || this.registered || this.over) return;
    if (isLasting(found, 'registry')) {
      const hint = '--registry takes the address of the registry, --join that of any node';
      this.fail(new RingError('FAILED_PRECONDITION', `${registryAddress}: ${what}; ${hint}`));
    } else {
      this.trouble = `the registry at ${registryAddress} does not answer (${what})`;
    }
  }

  private timeIsUp(): void {
    if (this.registered) return;
    this.fail(new RingError('UNAVAILABLE', `gave up after ${this.settings.timeoutMs} ms: ${this.trouble}`));
  }

  private explain(): void {
    if (this.registered) this.log.warn('has its place, and waits', { for: this.waitsFor() });
    else if (!this.waitsForPlace) void this.examine();
  }
}

/** What a node that has a place waits for before it serves. */
export function whatIsLacking({ view, self }: NodeCore): string {
  const arc = view.arcOfPosition(self);
  const owner = arc && view.member(arc.primary);
  if (!arc || !owner || owner.id === self) return 'its own part of the ring to open';
  return owner.state === 'dead'
    ? `the node at ${owner.addr}, which is down; no running node has its part of the ring, so start that node again`
    : `its part of the ring, which comes from the node at ${owner.addr}`;
}
