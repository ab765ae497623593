/**
 * Asks a server, through gRPC's standard health service, whether it serves, or how far away it is.
 *
 * The service's own definition does the encoding, so that any server that follows the standard can be asked.
 */

import { Client, Metadata, type ServiceError } from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { invariant } from '@ringkeep/shared';
import { channelTo, fromServiceError, type TlsMaterial } from '@ringkeep/shared/channel';

/** The name under which health checks say whether the server's disk has room. A server without room may still serve. */
export const ROOM_ON_DISK = 'ringkeep.RoomOnDisk';

export interface HealthQuestion {
  readonly address: string;
  /** The server as a whole when absent. */
  readonly service?: string;
  readonly deadlineMs: number;
  readonly tls?: TlsMaterial | undefined;
}

/** How many questions measure a round trip: the first one warms up both ends. */
const ROUND_TRIPS = 3;

/** True when the server, or the service of it, is serving. Throws RingError when it gives no answer. */
export async function isServing(question: HealthQuestion): Promise<boolean> {
  const client = new Client(...channelTo(question.address, question.tls));
  const deadline = new Date(Date.now() + question.deadlineMs);
  try {
    return (await ask(client, question.address, deadline, question.service)) === 'SERVING';
  } finally {
    client.close();
  }
}

/** The time that a short question and its answer take on an open connection. Throws RingError. */
export async function roundTripMs(question: HealthQuestion): Promise<number> {
  const client = new Client(...channelTo(question.address, question.tls));
  const deadline = new Date(Date.now() + question.deadlineMs);
  let shortestMs = Number.POSITIVE_INFINITY;
  try {
    for (let i = 0; i <= ROUND_TRIPS; i++) {
      const askedAt = performance.now();
      await ask(client, question.address, deadline);
      if (i > 0) shortestMs = Math.min(shortestMs, performance.now() - askedAt);
    }
    return shortestMs;
  } finally {
    client.close();
  }
}

function ask(client: Client, address: string, deadline: Date, asked = ''): Promise<string | undefined> {
  const check = service['Check'];
  invariant(check !== undefined, 'the standard health service has a method Check');
  return new Promise((resolve, reject) => {
    const done = (error: ServiceError | null, answer?: object): void => {
      if (error === null) resolve((answer as { readonly status?: string }).status);
      else reject(fromServiceError(error, { call: 'Check', address, writes: false }));
    };
    client.makeUnaryRequest(
      check.path,
      check.requestSerialize,
      check.responseDeserialize,
      { service: asked },
      new Metadata(),
      { deadline },
      done,
    );
  });
}
