/**
 * Finds what answers at an address: a node, a registry, or something else, so that people learn what is there instead
 * of what did not work.
 *
 * It is asked only when something has failed. It makes harmless calls that tell the kinds apart. Each of the two
 * services has one of its own, and the nodes of the first ring of this family know QueryDHT and nothing newer. When no
 * gRPC connection came about, the kind is recognised by how the connection failed, and by whether the port speaks TLS.
 */

import { connect as connectTls } from 'node:tls';
import { Client, status, type ServiceError } from '@grpc/grpc-js';
import {
  addressUrl,
  parseAddress,
  type ServerAddress,
  channelTo,
  HUNG_UP,
  LAST_ERROR,
  NO_GRPC,
  type TlsMaterial,
} from '@ringkeep/shared/channel';

export type ServerKind =
  | 'node'
  | 'registry'
  /** A node or registry of the first ring of this family. */
  | 'first-node'
  | 'first-registry'
  | 'other-grpc'
  | 'no-grpc'
  /** TLS is spoken though it was not expected, or the other way round. */
  | 'tls'
  | 'no-tls'
  | 'untrusted'
  | 'silent'
  | 'absent';

export interface ServerFound {
  readonly kind: ServerKind;
  readonly address: string;
  /** What was seen of it, for kinds that have several forms. */
  readonly detail: string;
}

export interface AddressQuestion {
  readonly address: string;
  readonly deadlineMs: number;
  readonly tls?: TlsMaterial | undefined;
}

/** A read of the key `ringkeep`, in the encoding of the first ring's Query. */
const HARMLESS_QUERY = Buffer.concat([Buffer.from([0x12, 8]), Buffer.from('ringkeep')]);
const NOTHING = Buffer.alloc(0);

const CALLS = {
  describe: { path: '/dht.DhtNode/DescribeNode', request: NOTHING },
  query: { path: '/dht.DhtNode/QueryDHT', request: HARMLESS_QUERY },
  olderQuery: { path: '/dht.DhtNode/QueryDht', request: HARMLESS_QUERY },
  members: { path: '/registry.Registry/GetConnectedNodes', request: NOTHING },
  watch: { path: '/registry.Registry/WatchRing', request: NOTHING },
} as const;

/** Kinds that do not change while one waits. */
const LASTING: ReadonlySet<ServerKind> = new Set([
  'node',
  'registry',
  'first-node',
  'first-registry',
  'other-grpc',
  'no-grpc',
  'tls',
  'no-tls',
  'untrusted',
]);

export async function whatAnswers(question: AddressQuestion): Promise<ServerFound> {
  const client = new Client(...channelTo(question.address, question.tls));
  const found = (kind: ServerKind, detail = ''): ServerFound => ({ kind, address: question.address, detail });
  try {
    const asked = Object.entries(CALLS).map(async ([name, call]) => [
      name,
      await outcome(client, call, question.deadlineMs),
    ]);
    const outcomes = Object.fromEntries(await Promise.all(asked)) as Record<keyof typeof CALLS, CallOutcome>;
    const knows = (call: keyof typeof CALLS): boolean =>
      outcomes[call].code !== status.UNIMPLEMENTED && fate(outcomes[call]) === undefined;
    if (knows('describe')) return found('node');
    if (knows('query') || knows('olderQuery')) return found('first-node');
    if (knows('members')) return found(knows('watch') ? 'registry' : 'first-registry');
    const [kind, detail] = fate(outcomes.describe) ?? ['other-grpc', ''];
    if (kind !== 'absent' || !outcomes.describe.details.includes('Failed to connect'))
      return found(kind, detail);
    const secured = await speaksTls(parseAddress(question.address), question.deadlineMs);
    return secured ? found('tls') : found(kind, detail);
  } finally {
    client.close();
  }
}

/** Whether waiting longer would be of no use for somebody who expects the other kind. */
export function isLasting(found: ServerFound, expected: 'node' | 'registry'): boolean {
  return found.kind !== expected && LASTING.has(found.kind);
}

/** What to tell somebody who expected a node or a registry there; undefined when it is one. */
export function mismatch(
  { kind, address, detail }: ServerFound,
  expected: 'node' | 'registry',
): string | undefined {
  const { host, port } = parseAddress(address);
  const url = (secure: boolean): string => addressUrl({ secure, host, port });
  const first = 'speaks the first protocol';
  const texts: Readonly<Record<ServerKind, string>> = {
    node: 'this is a Ringkeep node, not a registry',
    registry: 'this is a Ringkeep registry, not a node',
    'first-node': `this node ${first}: it answers QueryDHT, but no call that Ringkeep's nodes and tools make`,
    'first-registry': `this registry ${first}: it lists nodes, but knows nothing of leases and arcs`,
    'other-grpc': `this is not a Ringkeep ${expected}: another gRPC server answers there`,
    'no-grpc': `this is not a Ringkeep ${expected}: ${NO_GRPC}${detail}`,
    tls: `this port speaks TLS: write ${url(true)}`,
    'no-tls': `this port does not speak TLS: write ${url(false)}`,
    untrusted: `its certificate is not trusted (${detail}); name its authority with --tls-ca`,
    silent: 'something accepts connections there but says nothing',
    absent: detail,
  };
  return kind === expected ? undefined : texts[kind];
}

interface CallOutcome {
  readonly code: number;
  readonly details: string;
}

function outcome(
  client: Client,
  { path, request }: { readonly path: string; readonly request: Buffer },
  deadlineMs: number,
): Promise<CallOutcome> {
  const raw = (bytes: Buffer): Buffer => bytes;
  return new Promise((resolve) => {
    // A stream of answers: it does for calls with one answer as well, and the first one is enough.
    const options = { deadline: Date.now() + deadlineMs };
    const stream = client.makeServerStreamRequest(path, raw, raw, request, options);
    stream.on('data', () => {
      resolve({ code: status.OK, details: '' });
      stream.cancel();
    });
    stream.on('error', (error: ServiceError) => resolve({ code: error.code, details: error.details }));
    stream.on('end', () => resolve({ code: status.OK, details: '' }));
  });
}

/** How grpc-js describes a peer that does not speak gRPC; undefined for an answer. */
const FATES: readonly (readonly [pattern: RegExp, kind: ServerKind, detail: string])[] = [
  [/Last error: Protocol error/, 'no-grpc', ''],
  [/no application protocol/, 'no-grpc', ''],
  [/^Received HTTP status code (\d+)/, 'no-grpc', ', but HTTP with status $1'],
  [/without gRPC status/, 'no-grpc', ', but HTTP'],
  [/wrong version number|packet length too long|SSL routines.*unknown protocol/, 'no-tls', ''],
  [/Last error: (?:Error: )?(.*(?:certificate|altnames|issuer).*?)\.? Resolution note/, 'untrusted', '$1'],
  [/Last error: Failed to connect/, 'absent', HUNG_UP],
  [LAST_ERROR, 'absent', '$1'],
  [/^(Name resolution failed.*)/, 'absent', '$1'],
  [/^Deadline exceeded.*LB pick/, 'silent', ''],
];

function fate({ code, details }: CallOutcome): [kind: ServerKind, detail: string] | undefined {
  for (const [pattern, kind, detail] of FATES) {
    const match = pattern.exec(details);
    if (match) return [kind, detail.replace('$1', match[1] ?? '').trim()];
  }
  if (code === status.DEADLINE_EXCEEDED) return ['silent', ''];
  return code === status.UNAVAILABLE ? ['absent', details] : undefined;
}

/** True when a TLS handshake begins there; whether it succeeds does not matter. */
function speaksTls({ host, port }: ServerAddress, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTls({ host, port, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    const finish = (result: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => finish(false), withinMs);
    socket.on('secureConnect', () => finish(true));
    socket.on('error', (error: NodeJS.ErrnoException) => finish(/ALERT/.test(error.code ?? '')));
  });
}
