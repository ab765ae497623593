/**
 * The process around a registry core: it brings inputs, makes states durable, and carries out effects.
 *
 * One loop with two awaits. The disk is measured, all waiting inputs are stepped at once, one save covers them (group
 * commit), and only then the effects go out. Everything in between is synchronous. One timer serves all deadlines of
 * the core.
 *
 * When a save fails, the core is ahead of the disk, and none of its answers may leave. If there was no room, because
 * somebody else took it a moment ago, another core continues from what is on the disk, as after a restart. After any
 * other failure nobody knows what is on the disk, so the host refuses everything and tells its owner.
 */

import { RingError, type KnownRing, type Ring, type RingUpdate } from '@ringkeep/shared';
import type { Logger } from '@ringkeep/process/running';
import type { RingStore } from './adapters/ring-store';
import type { DiskRoom, RegistryCore, RegistryEffect, RegistryInput, RegistryState } from './core';
import type { RegistryObserver } from './observing/registry-observer';
import { OpenQuestions, type AnswerTo, type RegistryQuestion } from './open-questions';

/** Where a watcher's updates go. */
export interface WatchSink {
  publish(update: RingUpdate): void;
  refuse(error: RingError): void;
}

export interface Watch {
  /** Asks for what came after a version, when updates were skipped. */
  resume(from: KnownRing): void;
  end(): void;
}

export interface HostTools {
  readonly store: RingStore;
  /** Makes a core that continues from a saved state. */
  readonly coreOf: (state: RegistryState, now: number) => RegistryCore;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly log: Logger;
  readonly observer: RegistryObserver;
  /** Called when the disk lacks room, with the reason, and when it has room again. */
  readonly onRoom?: (lacking: string | undefined) => void;
  /** Called once when the host cannot continue. */
  readonly onFatal: (error: Error) => void;
}

/** Inputs that may wait for their step. More are refused. */
export const INPUTS_WAITING_MAX = 10_000;
/** How often the disk is measured while it lacks room. */
const LOOK_MS = 500;
/** setTimeout's own limit. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export class RegistryHost {
  private inputs: RegistryInput[] = [];
  private readonly questions: OpenQuestions;
  private readonly sinks = new Map<number, WatchSink>();
  private lastNumber = 0;
  /** The loop while there is work. */
  private working: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** Why nothing new is accepted. */
  private over: RingError | undefined;
  private durableRing: Ring;
  private core: RegistryCore;
  private nextLookAt = Infinity;
  private room: DiskRoom = { allows: 'everything' };

  constructor(
    state: RegistryState,
    private readonly tools: HostTools,
  ) {
    this.questions = new OpenQuestions(tools.observer, tools.now);
    this.core = tools.coreOf(state, tools.now());
    this.durableRing = state.ring;
    this.armTimer();
  }

  /** Why new nodes, or all changes, are refused at present. */
  get roomLacking(): string | undefined {
    return this.room.allows === 'everything' ? undefined : this.room.lacking;
  }

  /** Those of the ring that are open. */
  get watchers(): number {
    return this.sinks.size;
  }

  /** The ring as it would be found again after a crash. */
  get ring(): Ring {
    return this.durableRing;
  }

  ask<Q extends RegistryQuestion>(question: Q): Promise<AnswerTo[Q['kind']]> {
    const { over } = this;
    if (over) return this.questions.refuse(question.kind, over);
    if (this.inputs.length >= INPUTS_WAITING_MAX) {
      const error = new RingError('RESOURCE_EXHAUSTED', 'too many requests wait for the registry');
      return this.questions.refuse(question.kind, error);
    }
    const request = ++this.lastNumber;
    const answer = this.questions.open(request, question);
    this.submit({ ...question, request });
    return answer;
  }

  watch(sink: WatchSink, from: KnownRing, clusterId: string): Watch {
    const watcher = ++this.lastNumber;
    if (this.over) sink.refuse(this.over);
    else {
      this.sinks.set(watcher, sink);
      this.submit({ kind: 'watch', watcher, from, clusterId });
    }
    return {
      resume: (known) => {
        if (this.sinks.has(watcher)) this.submit({ kind: 'watch', watcher, from: known, clusterId: '' });
      },
      end: () => {
        if (this.sinks.delete(watcher)) this.submit({ kind: 'unwatch', watcher });
      },
    };
  }

  /** Refuses new requests, finishes those that were begun, and ends the watches. Idempotent. */
  async stop(): Promise<void> {
    this.over ??= new RingError('UNAVAILABLE', 'the registry is stopping');
    await this.working;
    this.endAll(this.over);
  }

  /** Stops answering, because the registry cannot continue. */
  end(error: Error): void {
    if (!this.over) this.fail(error);
  }

  private submit(input: RegistryInput): void {
    if (this.over) return;
    this.inputs.push(input);
    this.work();
  }

  /** Starts the loop in the next turn of the event loop: what arrives in this one travels together. */
  private work(): void {
    this.working ??= new Promise((resolve) => {
      setImmediate(() => {
        void this.loop().then(resolve);
      });
    });
  }

  private async loop(): Promise<void> {
    try {
      while (this.isDue) {
        const effects = await this.stepAll();
        if (await this.saved(effects)) for (const effect of effects) this.carryOut(effect);
      }
    } catch (error) {
      this.fail(error as Error);
    }
    this.working = undefined;
    this.armTimer();
  }

  /** False if there was no room: the state on the disk counts, and none of the rest has happened. */
  private async saved(effects: readonly RegistryEffect[]): Promise<boolean> {
    const { store } = this.tools;
    const state = latestState(effects);
    if (!state) return true;
    const beganAtMs = this.tools.now();
    try {
      await store.save(state);
      this.tellSaved(beganAtMs, true);
    } catch (error) {
      const found =
        error instanceof RingError && error.code === 'RESOURCE_EXHAUSTED' ? store.load() : undefined;
      if (!found) throw error;
      this.tellSaved(beganAtMs, false);
      this.goOnFrom(found, error as RingError);
      return false;
    }
    this.durableRing = state.ring;
    return true;
  }

  private tellSaved(beganAtMs: number, kept: boolean): void {
    this.tools.observer.saved?.({ durationMs: this.tools.now() - beganAtMs, kept });
  }

  /**
   * Refuses every caller that waits for an answer, even if its question changed nothing: the failed core answered it.
   */
  private goOnFrom(state: RegistryState, error: RingError): void {
    this.tools.log.warn('continues from the ring that is on the disk', { reason: error.message });
    this.endAll(new RingError('RESOURCE_EXHAUSTED', `nothing was changed: ${error.message}`));
    this.inputs = [];
    this.durableRing = state.ring;
    this.core = this.tools.coreOf(state, this.tools.now());
    this.room = { allows: 'everything' };
  }

  private async stepAll(): Promise<RegistryEffect[]> {
    const effects = await this.measure();
    while (this.inputs.length > 0 && effects.length === 0) {
      const batch = this.inputs;
      this.inputs = [];
      for (const input of batch) effects.push(...this.core.step(this.tools.now(), input));
    }
    const now = this.tools.now();
    if (now >= this.core.nextTickAt) effects.push(...this.core.step(now, { kind: 'tick' }));
    return effects;
  }

  /** Measures the disk before anything is decided: what cannot be saved is refused before it is begun. */
  private async measure(): Promise<RegistryEffect[]> {
    const before = this.room;
    this.room = await this.tools.store.room();
    this.nextLookAt = this.room.allows === 'everything' ? Infinity : this.tools.now() + LOOK_MS;
    if (this.room.allows === before.allows) return [];
    this.tools.onRoom?.(this.roomLacking);
    return this.core.step(this.tools.now(), { kind: 'room', room: this.room });
  }

  private get isDue(): boolean {
    return this.inputs.length > 0 || this.tools.now() >= this.nextAt;
  }

  private get nextAt(): number {
    return Math.min(this.core.nextTickAt, this.nextLookAt);
  }

  private carryOut(effect: RegistryEffect): void {
    switch (effect.kind) {
      case 'save':
        return;
      case 'answer':
        return this.questions.answer(effect.request, effect.answer);
      case 'refuse':
        return this.questions.fail(effect.request, new RingError(effect.code, effect.text));
      case 'publish':
        for (const watcher of effect.watchers) this.sinks.get(watcher)?.publish(effect.update);
        return;
      case 'refuse-watch': {
        const sink = this.sinks.get(effect.watcher);
        this.sinks.delete(effect.watcher);
        return sink?.refuse(new RingError(effect.code, effect.text));
      }
      case 'report':
        return this.tools.observer.fact?.(effect.fact);
    }
  }

  private fail(error: Error): void {
    this.over = new RingError('UNAVAILABLE', `the registry has failed: ${error.message}`, { cause: error });
    this.inputs = [];
    this.endAll(this.over);
    this.tools.onFatal(error);
  }

  private endAll(error: RingError): void {
    clearTimeout(this.timer);
    this.questions.failAll(error);
    for (const sink of this.sinks.values()) sink.refuse(error);
    this.sinks.clear();
  }

  private armTimer(): void {
    clearTimeout(this.timer);
    const at = this.nextAt;
    if (this.over || at === Infinity) return;
    this.timer = setTimeout(() => this.work(), Math.min(TIMER_MS_MAX, Math.max(0, at - this.tools.now())));
  }
}

function latestState(effects: readonly RegistryEffect[]): RegistryState | undefined {
  for (const effect of [...effects].reverse()) if (effect.kind === 'save') return effect.state;
  return undefined;
}
