/** An etcd cluster of one or more members, with its defaults: every write is synced at a majority before the answer. */

import { join } from 'node:path';
import { freePort } from '@ringkeep/local-ring';
import { KeptProcess, versionOf } from './kept-process';
import type { System } from './system';

interface Member {
  readonly name: string;
  readonly clientPort: number;
  readonly peerUrl: string;
}

export async function startEtcd(folder: string, count: number): Promise<System> {
  const version = versionOf('etcd', 'etcd-server');
  const members = await Promise.all(
    Array.from({ length: count }, async (_, index): Promise<Member> => {
      const [clientPort, peerPort] = [await freePort(), await freePort()];
      return { name: `member-${index + 1}`, clientPort, peerUrl: `http://127.0.0.1:${peerPort}` };
    }),
  );
  const cluster = members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  const servers: KeptProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    for (const member of members)
      servers.push(await KeptProcess.start('etcd', args(folder, member, cluster)));
    await Promise.all(members.map(({ clientPort }, index) => servers[index]?.listens(clientPort)));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    label: `etcd ${version}`,
    durability: 'fdatasync at a majority before the answer',
    copies: count,
    nodes: count,
    pids: servers.map(({ pid }) => pid),
    target: () => ({
      kind: 'etcd3',
      hosts: members.map(({ clientPort }) => `http://127.0.0.1:${clientPort}`),
    }),
    stop,
  };
}

function args(folder: string, { name, clientPort, peerUrl }: Member, cluster: string): string[] {
  const clientUrl = `http://127.0.0.1:${clientPort}`;
  return [
    ...['--name', name, '--data-dir', join(folder, name), '--logger', 'zap', '--log-level', 'error'],
    ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
    ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
    ...['--initial-cluster', cluster, '--initial-cluster-state', 'new'],
  ];
}
