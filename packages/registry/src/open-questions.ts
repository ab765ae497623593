/** The questions that a registry has not answered yet. Each is answered or refused once, and then told as that. */

import type { RingError } from '@ringkeep/shared';
import type {
  LeaveInput,
  MemberAnswer,
  OwnersAnswer,
  OwnersInput,
  ProposalAnswer,
  ProposeInput,
  RegisterInput,
  RegisteredAnswer,
  RegistryAnswer,
  RenewInput,
} from './core';
import type { AnsweredQuestion, RegistryObserver } from './observing/registry-observer';

/** A question's kind is what observers are told of it. */
export interface AnswerTo {
  register: RegisteredAnswer;
  renew: MemberAnswer;
  leave: MemberAnswer;
  propose: ProposalAnswer;
  owners: OwnersAnswer;
}
type Unnumbered<T> = T extends unknown ? Omit<T, 'request'> : never;
export type RegistryQuestion = Unnumbered<
  RegisterInput | RenewInput | LeaveInput | ProposeInput | OwnersInput
>;

interface Waiting {
  readonly question: string;
  readonly askedAtMs: number;
  resolve(answer: RegistryAnswer): void;
  reject(error: RingError): void;
}

export class OpenQuestions {
  private readonly waiting = new Map<number, Waiting>();

  constructor(
    private readonly observer: RegistryObserver,
    private readonly now: () => number,
  ) {}

  open<Q extends RegistryQuestion>(request: number, { kind }: Q): Promise<AnswerTo[Q['kind']]> {
    const answer = new Promise<RegistryAnswer>((resolve, reject) => {
      this.waiting.set(request, { question: kind, askedAtMs: this.now(), resolve, reject });
    });
    return answer as Promise<AnswerTo[Q['kind']]>;
  }

  /** One that is not even taken up. */
  refuse(question: string, error: RingError): Promise<never> {
    this.observer.answered?.({ question, outcome: error.code, durationMs: 0 });
    return Promise.reject(error);
  }

  answer(request: number, answer: RegistryAnswer): void {
    this.end(request, 'ok')?.resolve(answer);
  }

  fail(request: number, error: RingError): void {
    this.end(request, error.code)?.reject(error);
  }

  failAll(error: RingError): void {
    for (const request of this.waiting.keys()) this.fail(request, error);
  }

  private end(request: number, outcome: AnsweredQuestion['outcome']): Waiting | undefined {
    const waiting = this.waiting.get(request);
    if (!waiting) return undefined;
    this.waiting.delete(request);
    const { question, askedAtMs } = waiting;
    this.observer.answered?.({ question, outcome, durationMs: this.now() - askedAtMs });
    return waiting;
  }
}
