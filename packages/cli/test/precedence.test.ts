/** Which of flag, variable and default a command goes by. */

import { GrpcServer, Health } from '@ringkeep/process/server';
import { readCommandLine } from '../src/command-line';
import { COMMANDS } from '../src/commands';
import type { ConnectionOptions } from '../src/config';
import { run } from './terminal';

const url = (port: number): string => `http://127.0.0.1:${port}`;
const at = (port: number): string => `127.0.0.1:${port}`;

function connection(args: readonly string[], env: Readonly<Record<string, string>>): ConnectionOptions {
  const line = readCommandLine(args, { env, place: 'shell', writeHelp: () => undefined });
  return line.connection as ConnectionOptions;
}

const NODE = ['--node', at(1)];
const REGISTRY = ['--registry', at(2)];
const NODE_ENV = { NODE_ADDRESS: at(3) };
const REGISTRY_ENV = { REGISTRY_ADDRESS: at(4) };

const WHERE: [flags: string[], env: Record<string, string>, nodes: number[], registry: number | undefined][] =
  [
    [[], {}, [50_001], undefined],
    [[], NODE_ENV, [3], undefined],
    [[], REGISTRY_ENV, [], 4],
    [[], { ...NODE_ENV, ...REGISTRY_ENV }, [3], 4],
    [[], { NODE_ADDRESS: '', REGISTRY_ADDRESS: '' }, [50_001], undefined],
    [NODE, {}, [1], undefined],
    [NODE, NODE_ENV, [1], undefined],
    [NODE, REGISTRY_ENV, [1], undefined],
    [NODE, { ...NODE_ENV, ...REGISTRY_ENV }, [1], undefined],
    [REGISTRY, {}, [], 2],
    [REGISTRY, NODE_ENV, [], 2],
    [REGISTRY, REGISTRY_ENV, [], 2],
    [REGISTRY, { ...NODE_ENV, ...REGISTRY_ENV }, [], 2],
    [REGISTRY, { NODE_ADDRESS: 'no address' }, [], 2],
    [[...NODE, ...REGISTRY], { ...NODE_ENV, ...REGISTRY_ENV }, [1], 2],
    [[...NODE, '--node', at(5)], NODE_ENV, [1, 5], undefined],
  ];

describe.each(COMMANDS.map(({ name, operands }) => [name, operands] as const))('%s', (name, operands) => {
  const words = operands.filter((operand) => operand.name.startsWith('<')).map(() => 'word');

  test.each(WHERE)('goes by %j with %j', (flags, env, nodes, registry) => {
    for (const args of [
      [...flags, name, ...words],
      [name, ...words, ...flags],
    ]) {
      expect(connection(args, env)).toMatchObject({
        nodes: nodes.map(url),
        registry: registry === undefined ? undefined : url(registry),
      });
    }
  });

  test.each<[string[], Record<string, string>, number, string | undefined]>([
    [[], {}, 10_000, undefined],
    [[], { RINGKEEP_TIMEOUT: '2s', TLS_CA: 'env.pem' }, 2_000, 'env.pem'],
    [['--timeout', '3s', '--tls-ca', 'flag.pem'], {}, 3_000, 'flag.pem'],
    [['--timeout', '3s', '--tls-ca', 'flag.pem'], { RINGKEEP_TIMEOUT: '2s', TLS_CA: 'x' }, 3_000, 'flag.pem'],
    [['--timeout', '3s'], { RINGKEEP_TIMEOUT: 'soon' }, 3_000, undefined],
  ])('takes its time and trust by %j with %j', (flags, env, timeoutMs, tlsCa) => {
    expect(connection([name, ...words, ...flags], env)).toMatchObject({ timeoutMs, tlsCa });
  });
});

test('health asks the server that was typed, not the one of the environment', async () => {
  const servers = [new GrpcServer(), new GrpcServer()] as const;
  const [typed, other] = await Promise.all(
    servers.map((server) => server.listen({ host: '127.0.0.1', port: 0 }).then(at)),
  );
  const [health] = servers.map((server) => new Health(server.grpc, ['a.Service']));
  health!.setServing(true);
  try {
    const env = { NODE_ADDRESS: other!, REGISTRY_ADDRESS: other! };
    for (const args of [
      ['--registry', typed!, 'health'],
      ['--node', typed!, 'health'],
      ['health', typed!],
    ]) {
      expect(await run(args, '', env)).toMatchObject({ code: 0, stdout: `http://${typed} is serving\n` });
    }
    expect((await run(['health'], '', env)).code).toBe(1);
    expect(await run(['--registry', typed!, 'leave'], '', env)).toMatchObject({ code: 2 });
  } finally {
    await Promise.all(servers.map((server) => server.stop(0)));
  }
});
