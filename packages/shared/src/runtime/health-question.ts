/**
 * Asks a server, through gRPC's standard health service, whether it serves.
 *
 * The service's own definition does the encoding, so that any server that keeps to the standard can be
 * asked, ours or not.
 */

import { Client, Metadata, type ServiceError } from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { invariant } from '../ring';
import { channelTo } from './channels';
import { fromServiceError } from './grpc-errors';
import type { TlsMaterial } from './tls-files';

export interface HealthQuestion {
  readonly address: string;
  readonly deadlineMs: number;
  readonly tls?: TlsMaterial;
}

/** True when the server as a whole is serving. Throws RingError when it gives no answer. */
export function isServing({ address, deadlineMs, tls }: HealthQuestion): Promise<boolean> {
  const check = service['Check'];
  invariant(check !== undefined, 'the standard health service has a method Check');
  const client = new Client(...channelTo(address, tls));
  const deadline = new Date(Date.now() + deadlineMs);
  return new Promise((resolve, reject) => {
    const done = (error: ServiceError | null, answer?: object): void => {
      client.close();
      if (error === null) resolve((answer as { readonly status?: string }).status === 'SERVING');
      else reject(fromServiceError(error, { call: 'Check', address, writes: false }));
    };
    client.makeUnaryRequest(
      check.path,
      check.requestSerialize,
      check.responseDeserialize,
      { service: '' },
      new Metadata(),
      { deadline },
      done,
    );
  });
}
