/** A load generator as seen from the benchmark: questions out, answers in. */

import { fork, type ChildProcess } from 'node:child_process';
import type { TargetSpec } from '../targets/target';
import { compiled } from '@ringkeep/local-ring';
import type {
  GeneratorAnswer,
  GeneratorProgress,
  GeneratorQuestion,
  RunSpec,
  Sample,
  VerifiedSample,
} from './generator-protocol';
import type { ReadAllRun, ReadAllSample } from './reading-all';
import type { WatchSample } from './watching';
import type { WorkloadSpec } from './workload';

const MAIN = compiled('packages/bench/dist/load/generator.js');
/** How long closing its target may take. */
const STOP_MS = 5_000;

export class GeneratorProcess {
  private readonly waiting = new Map<number, (answer: GeneratorAnswer) => void>();
  private readonly exited: Promise<void>;
  private asked = 0;
  private onProgress: (done: number) => void = () => undefined;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (message: GeneratorAnswer | GeneratorProgress) => {
      if ('progress' in message) return this.onProgress(message.progress);
      this.waiting.get(message.id)?.(message);
      this.waiting.delete(message.id);
    });
    this.exited = new Promise((resolve) => {
      child.on('exit', (code, signal) => {
        for (const [id, answer] of this.waiting) {
          answer({ id, ok: false, error: `the load generator ended with ${code ?? signal}` });
        }
        this.waiting.clear();
        resolve();
      });
    });
  }

  /** A process that has the target open. */
  static async start(target: TargetSpec): Promise<GeneratorProcess> {
    const generator = new GeneratorProcess(fork(MAIN, { execArgv: [] }));
    try {
      await generator.ask({ ask: 'open', target });
      return generator;
    } catch (error) {
      await generator.stop();
      throw error;
    }
  }

  load(workload: WorkloadSpec, onProgress: (done: number) => void): Promise<void> {
    this.onProgress = onProgress;
    return this.ask({ ask: 'load', workload });
  }

  run(run: RunSpec): Promise<Sample> {
    return this.ask({ ask: 'run', run });
  }

  runAndVerify(run: RunSpec): Promise<VerifiedSample> {
    this.onProgress = () => undefined;
    return this.ask({ ask: 'run-and-verify', run });
  }

  readAll(run: ReadAllRun): Promise<ReadAllSample> {
    return this.ask({ ask: 'read-all', run });
  }

  /** One watch for each prefix. */
  watch(prefixes: readonly string[]): Promise<void> {
    return this.ask({ ask: 'watch', prefixes });
  }

  countEvents(): Promise<void> {
    return this.ask({ ask: 'count-events' });
  }

  endWatches(): Promise<WatchSample> {
    return this.ask({ ask: 'end-watches' });
  }

  watchedFrom(): Promise<string> {
    return this.ask({ ask: 'watched-from' });
  }

  /** @returns how long it took, s */
  catchUp(since: string, events: number): Promise<number> {
    return this.ask({ ask: 'catch-up', since, events });
  }

  async stop(): Promise<void> {
    const late = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    if (this.child.connected) {
      await this.ask({ ask: 'close' }).catch(() => undefined);
      if (this.child.connected) this.child.disconnect();
    }
    await this.exited;
    clearTimeout(late);
  }

  private ask<Answer>(question: GeneratorQuestion): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const id = ++this.asked;
      this.waiting.set(id, (answer) =>
        answer.ok ? resolve(answer.answer as Answer) : reject(new Error(answer.error)),
      );
      this.child.send({ id, question }, (error) => {
        if (error && this.waiting.delete(id)) reject(error);
      });
    });
  }
}
