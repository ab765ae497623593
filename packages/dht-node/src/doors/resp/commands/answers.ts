/** Answers of operations as the commands read them. */

import type { Bytes } from '@ringkeep/shared';
import { decodeFullAnswer, type FullAnswer } from '@ringkeep/shared/operations/full-answer';
import { bufferOfBytes, bytesOfBuffer } from '@ringkeep/shared/operations/bytes';
import type { Extras } from '@ringkeep/shared/operations';

/** Of an operation that brought extras. */
export function fullAnswerIn(value: Bytes | undefined): FullAnswer<Bytes> {
  const answer = decodeFullAnswer(bufferOfBytes(value ?? ('' as Bytes)));
  return { ...answer, value: answer.value && bytesOfBuffer(answer.value) };
}

export const WITH_VERSION: Extras = { condition: undefined, showsPresent: false };
export const WITH_TTL: Extras = { ...WITH_VERSION, tellsTtl: true };
/** Of `expire` and `persist`: they tell the value of the key. */
export const SHOWS_VALUE: Extras = { condition: undefined, showsPresent: true };
