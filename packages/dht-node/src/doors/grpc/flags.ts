/** What the command line says of the gRPC door, through which other nodes reach this one as well. */

import { hostname } from 'node:os';
import { option, optionValues, type OptionValues } from '@ringkeep/process/command-line';
import { loadTls, type TlsMaterial } from '@ringkeep/shared/channel';

export const GRPC_FLAGS = {
  host: option({
    flag: '--host <address>',
    env: 'NODE_HOST',
    text: 'address to listen on',
    read: optionValues.text,
    default: '127.0.0.1',
  }),
  advertise: option({
    flag: '--advertise <address>',
    env: 'NODE_ADVERTISE',
    text: 'address at which others reach this node; "hostname" takes this machine’s name; the port may be left out',
    read: optionValues.text,
  }),
  tlsCert: option({
    flag: '--tls-cert <file>',
    env: 'TLS_CERT',
    text: 'certificate (PEM)',
    read: optionValues.text,
  }),
  tlsKey: option({
    flag: '--tls-key <file>',
    env: 'TLS_KEY',
    text: 'key of the certificate (PEM)',
    read: optionValues.text,
  }),
  tlsCa: option({
    flag: '--tls-ca <file>',
    env: 'TLS_CA',
    text: 'certificate authority to trust (PEM)',
    read: optionValues.text,
  }),
};

/** Without the port, which is an argument of its own. */
export interface GrpcDoorOptions {
  readonly host: string;
  readonly advertise: string | undefined;
  readonly tls: TlsMaterial | undefined;
}

/** Throws INVALID_ARGUMENT when a file cannot be read. */
export async function grpcDoorOptions(flags: OptionValues<typeof GRPC_FLAGS>): Promise<GrpcDoorOptions> {
  return {
    host: flags.host,
    advertise: flags.advertise === 'hostname' ? hostname() : flags.advertise,
    tls: await loadTls({ cert: flags.tlsCert, key: flags.tlsKey, ca: flags.tlsCa }),
  };
}
