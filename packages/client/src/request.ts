/** An operation as an application asks for it, checked and with its key's position. Throws INVALID_ARGUMENT. */

import type { Bytes } from '@ringkeep/shared';
import { positionTagOf, type PositionRule } from '@ringkeep/shared/ring/position-rule';
import { bufferOfBytes, positionBytesOf } from '@ringkeep/shared/operations/bytes';
import {
  CATALOGUE,
  OperationType,
  type OperandName,
  type OperationName,
  type OperationRow,
} from '@ringkeep/shared/operations/catalogue';
import type { Extras } from '@ringkeep/shared/operations/extras';
import { keyBytes, operandBytes, type Operand } from './operands';
import type { Request } from './pending-calls';

export function request(
  name: OperationName,
  key: Operand,
  brought: readonly Operand[],
  rule: PositionRule,
  extras?: Extras,
): Request {
  const { brings }: OperationRow = CATALOGUE[name];
  const bytes = keyBytes(key);
  const operands = new Array<Bytes>(brings.length);
  for (let i = 0; i < brings.length; i++) operands[i] = operandBytes(brought[i], brings[i] as OperandName);
  return {
    type: OperationType[name],
    position: positionOfKey(key, bytes, rule),
    key: bytes,
    operands,
    extras,
  };
}

/** Text is hashed as it came: that is twice as fast as its bytes. */
function positionOfKey(key: Operand, bytes: Bytes, rule: PositionRule): Bytes {
  const hashed = positionTagOf(bytes, rule);
  return positionBytesOf(hashed === bytes ? key : bufferOfBytes(hashed));
}
