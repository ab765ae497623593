/** Operations that this door asks for, one a request. */

import type { Bytes } from '@ringkeep/shared';
import type { Extras, FullAnswer, OperationName } from '@ringkeep/shared/operations';
import { bufferOfBytes } from '@ringkeep/shared/operations/bytes';
import { OperationType } from '@ringkeep/shared/operations/catalogue';
import { decodeFullAnswer } from '@ringkeep/shared/operations/full-answer';
import { askOne } from '../../ask/one-operation';
import { DEADLINE_DEFAULT_MS } from '../deadlines';
import { HTTP } from './name';
import type { Asked } from './routes/asked';

export interface Operation {
  readonly name: OperationName;
  readonly key: Bytes;
  readonly operands: readonly Bytes[];
  readonly extras: Extras | undefined;
}

type Caller = Pick<Asked, 'host' | 'onGone'>;

/** What it is answered with. Throws RingError. */
export async function ask(
  { host, onGone }: Caller,
  { name, key, operands, extras }: Operation,
): Promise<Bytes> {
  const { value } = await askOne(
    host,
    { type: OperationType[name], key, operands, extras },
    {
      door: HTTP,
      deadlineMs: DEADLINE_DEFAULT_MS,
      hops: 0,
      ringVersion: host.core.view.version,
      onCancel: onGone,
    },
  );
  return value ?? ('' as Bytes);
}

/** The same of an operation with extras. Throws RingError. */
export async function askFully(
  caller: Caller,
  operation: Operation & { readonly extras: Extras },
): Promise<FullAnswer<Uint8Array>> {
  return decodeFullAnswer(bufferOfBytes(await ask(caller, operation)));
}
