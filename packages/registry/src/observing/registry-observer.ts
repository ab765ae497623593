/**
 * What is to be told of a registry: its core's own facts, and what only its edge knows. Each is told once, at one place.
 * An observer has a method for each kind that it wants.
 */

import type { ErrorCode } from '@ringkeep/shared';
import type { FactKinds } from '@ringkeep/process/meter';
import type { RegistryFact } from '../core';

export interface AnsweredQuestion {
  /** As the host's questions are called: register, renew, leave, propose, owners. */
  readonly question: string;
  readonly outcome: 'ok' | ErrorCode;
  readonly durationMs: number;
}

export interface RegistryObserver {
  fact?(fact: RegistryFact): void;
  answered?(answered: AnsweredQuestion): void;
  /** A state was made durable, or there was no room and it does not count. */
  saved?(save: { readonly durationMs: number; readonly kept: boolean }): void;
  /** A caller or a call was refused before anything was read of it. */
  callerRefused?(): void;
}

export const REGISTRY_FACTS: FactKinds<RegistryObserver> = {
  fact: true,
  answered: true,
  saved: true,
  callerRefused: true,
};
