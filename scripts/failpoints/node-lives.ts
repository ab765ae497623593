/**
 * The lives of a node that is alone in its ring. Each life looks for everything that the earlier ones have
 * acknowledged, and then writes until it ends, through checkpoints and new segments.
 */

import { join } from 'node:path';
import { RingClient } from '@ringkeep/client';
import { freePort, RingProcess } from '@ringkeep/local-ring';
import { startArmed, type Life } from './armed-process';

const KEYS = 20;
/** Enough for two checkpoints and some segments (preload.ts). */
const WRITES = 240;
const TOGETHER = 20;
const PADDING = 'x'.repeat(2_000);
const DEADLINE_MS = 10_000;

export class NodeLives {
  readonly lost: string[] = [];
  private registry: RingProcess | undefined;
  private registryPort = 0;
  private port = 0;
  private beginnings = 0;
  private count = 0;
  private acknowledged = new Map<string, number>();
  private node: RingProcess | undefined;

  constructor(private readonly folder: string) {}

  get passedFile(): string {
    return join(this.folder, 'passed');
  }

  /** @returns that it ended at the point */
  async live({ point, afresh }: Life): Promise<boolean> {
    if (afresh) await this.begin();
    const place = ['--data-dir', join(this.folder, `node-${this.beginnings}`)];
    const args = [String(this.port), '--registry', `127.0.0.1:${this.registryPort}`, ...place];
    const node = startArmed('node', args, this.passedFile, point);
    this.node = node;
    const up = await node.ready.then(
      () => true,
      () => false,
    );
    if (up) await this.use(node, point ?? 'a kill -9');
    // Some points come when it stops.
    node.signal(point === undefined ? 'SIGKILL' : 'SIGTERM');
    return (await node.exited) === 'SIGKILL';
  }

  async end(): Promise<void> {
    for (const process of [this.node, this.registry]) process?.signal('SIGKILL');
    await Promise.all([this.node?.exited, this.registry?.exited]);
  }

  private async begin(): Promise<void> {
    await this.end();
    [this.registryPort, this.port] = [await freePort(), await freePort()];
    this.beginnings++;
    this.acknowledged = new Map();
    const args = ['--port', String(this.registryPort), '--storage', 'memory', '--lease', '500ms'];
    this.registry = RingProcess.start('registry', [...args, '--lease-margin', '100ms']);
    await this.registry.ready;
  }

  private async use(node: RingProcess, point: string): Promise<void> {
    const client = new RingClient({ nodes: [`127.0.0.1:${this.port}`], deadlineMs: DEADLINE_MS });
    const ended = node.exited.then(() => client.close({ deadlineMs: 1 }));
    try {
      await this.look(client, point);
      for (let done = 0; node.running && done < WRITES; done += TOGETHER)
        await Promise.all(Array.from({ length: TOGETHER }, () => this.write(client)));
    } catch (error) {
      if (node.running) throw error;
    } finally {
      await (node.running ? client.close() : ended);
    }
  }

  /** Of each key what was acknowledged last may be read, or whatever was asked for since. */
  private async look(client: RingClient, point: string): Promise<void> {
    for (const [key, number] of this.acknowledged) {
      const found = await client.getText(key);
      if (found === undefined || Number(found.split(' ')[0]) < number)
        this.lost.push(
          `${key} holds ${found?.split(' ')[0]} and not ${number}, found in the life to ${point}`,
        );
    }
  }

  private async write(client: RingClient): Promise<void> {
    const number = ++this.count;
    const key = `key ${number % KEYS}`;
    await client.set(key, `${number} ${PADDING}`).then(
      () => this.acknowledged.set(key, Math.max(number, this.acknowledged.get(key) ?? 0)),
      () => undefined,
    );
  }
}
