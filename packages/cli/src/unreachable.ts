/** What to tell people when a ring or a node cannot be reached: what is at the addresses that they gave. */

import { status, type ServiceError } from '@grpc/grpc-js';
import { RingError } from '@ringkeep/shared';
import { mismatch, whatAnswers } from '@ringkeep/process/probes';
import type { TlsMaterial } from '@ringkeep/shared/channel';

/** How long it may take to find out. */
const EXAMINE_MS = 1_500;
/** How many addresses are examined at most. */
const EXAMINED_MAX = 4;

export interface GivenAddresses {
  readonly nodes: readonly string[];
  readonly registry: string | undefined;
  readonly tls: TlsMaterial;
}

/** The error of a client that could not find the ring, with what is at each address in its place. */
export async function explainedConnection(error: unknown, given: GivenAddresses): Promise<unknown> {
  if (!(error instanceof RingError) || error.code !== 'UNAVAILABLE') return error;
  const expected = [
    ...given.nodes.map((address) => ({ address, kind: 'node' as const })),
    ...(given.registry === undefined ? [] : [{ address: given.registry, kind: 'registry' as const }]),
  ].slice(0, EXAMINED_MAX);
  const seen = await Promise.all(
    expected.map(async ({ address, kind }) => {
      const found = await whatAnswers({ address, deadlineMs: EXAMINE_MS, tls: given.tls });
      return { address, found, text: mismatch(found, kind) };
    }),
  );
  if (seen.every(({ text }) => text === undefined)) return error;
  const swapped = seen.some(({ found, text }) => text !== undefined && /^(node|registry)$/.test(found.kind));
  const hint = swapped ? '; --node takes the address of a node, --registry that of the registry' : '';
  const told = seen.map(
    ({ address, text }) => `${address}: ${text ?? 'it answers, but does not know the ring'}`,
  );
  return new RingError(error.code, `no ring can be reached (${told.join('; ')})${hint}`, { cause: error });
}

/** The error of a call to a node, with what is there instead when it is none. */
export async function explainedCall(error: RingError, address: string, tls: TlsMaterial): Promise<RingError> {
  const { code, details } = (error.cause ?? {}) as Partial<ServiceError>;
  const isOdd = code === status.UNIMPLEMENTED || /Last error|gRPC status|HTTP status/.test(details ?? '');
  if (!isOdd) return error;
  const found = await whatAnswers({ address, deadlineMs: EXAMINE_MS, tls });
  const text = found.kind === 'absent' ? undefined : mismatch(found, 'node');
  return text === undefined ? error : new RingError(error.code, `${address}: ${text}`, { cause: error });
}

/** The error of a health check: any server with gRPC's health service may answer it. */
export async function explainedHealth(
  error: RingError,
  address: string,
  tls: TlsMaterial,
): Promise<RingError> {
  const { code } = (error.cause ?? {}) as Partial<ServiceError>;
  return code === status.UNIMPLEMENTED ? error : explainedCall(error, address, tls);
}
