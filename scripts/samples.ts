/**
 * `npm run samples`: the first steps of examples/clients in languages that `npm test` does not count on, each against a
 * ring of two nodes. It fetches their libraries into a temporary folder, says what it skips, and ends with 1 if one fails
 * or prints something else than is written behind its lines.
 */

import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, LocalRing, PROJECT_ROOT } from '@ringkeep/local-ring';
import { runScript } from '@ringkeep/process/command-line';
import { run } from './packages/run';
import { printedBy } from './samples/printed-by';

const CLIENTS = join(PROJECT_ROOT, 'examples/clients');
const REDIS_PY = 'redis==6.4.0';
const GRPC_TOOLS = 'grpcio-tools==1.74.0';

interface Addresses {
  readonly grpc: string;
  readonly redis: string;
}

interface Language {
  readonly name: string;
  /** Ends with 0 where the language is there. */
  readonly look: readonly [command: string, ...args: string[]];
  readonly samples: readonly Sample[];
}

interface Sample {
  /** In examples/clients. */
  readonly file: string;
  /** Fetches what it needs. */
  fetch(folder: string): Promise<unknown>;
  /** Makes it ready in the folder. @returns what runs it, without its argument */
  prepare(folder: string): Promise<readonly [command: string, ...args: string[]]>;
  address(addresses: Addresses): string;
}

const LANGUAGES: readonly Language[] = [
  {
    name: 'Python',
    look: ['python3', '-c', 'import venv, ensurepip'],
    samples: [
      {
        file: 'redis_py.py',
        fetch: (folder) => fetchPython(folder, REDIS_PY),
        prepare: (folder) => Promise.resolve([interpreterIn(folder), join(CLIENTS, 'redis_py.py')]),
        address: ({ redis }) => redis,
      },
      {
        file: 'grpc_python.py',
        fetch: (folder) => fetchPython(folder, GRPC_TOOLS),
        prepare: async (folder) => {
          const interpreter = interpreterIn(folder);
          const made = [`--python_out=${folder}`, `--grpc_python_out=${folder}`];
          const protos = ['proto/dht.proto', 'proto/registry.proto'];
          await run(interpreter, ['-m', 'grpc_tools.protoc', '-I', 'proto', ...made, ...protos], {
            cwd: PROJECT_ROOT,
          });
          await cp(join(CLIENTS, 'grpc_python.py'), join(folder, 'grpc_python.py'));
          return [interpreter, join(folder, 'grpc_python.py')];
        },
        address: ({ grpc }) => grpc,
      },
    ],
  },
  {
    name: 'Go',
    look: ['go', 'version'],
    samples: [
      {
        file: 'go-redis/main.go',
        fetch: () => run('go', ['mod', 'download'], { cwd: join(CLIENTS, 'go-redis') }),
        prepare: async (folder) => {
          const program = join(folder, 'go-redis');
          await run('go', ['build', '-o', program, '.'], { cwd: join(CLIENTS, 'go-redis') });
          return [program];
        },
        address: ({ redis }) => redis,
      },
    ],
  },
];

const interpreterIn = (folder: string): string => join(folder, 'python/bin/python');

async function fetchPython(folder: string, what: string): Promise<void> {
  await run('python3', ['-m', 'venv', join(folder, 'python')], { cwd: folder });
  await run(interpreterIn(folder), ['-m', 'pip', 'install', '--quiet', what], { cwd: folder });
}

/** @returns whether it failed */
async function hasFailed(sample: Sample, addresses: Addresses): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'ringkeep-sample-'));
  const unfetched = await sample.fetch(folder).then(
    () => undefined,
    (error: Error) => error.message,
  );
  try {
    if (unfetched !== undefined) {
      console.log(`skipped, for what it needs cannot be fetched: ${sample.file}: ${unfetched}`);
      return false;
    }
    const fault = await faultOf(sample, addresses, folder).catch((error: Error) => error.message);
    console.log(fault === undefined ? `ran: ${sample.file}` : `failed: ${sample.file}: ${fault}`);
    return fault !== undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns what is wrong with it. Throws when it does not end with 0. */
async function faultOf(sample: Sample, addresses: Addresses, folder: string): Promise<string | undefined> {
  const [command, ...args] = await sample.prepare(folder);
  const printed = await run(command, [...args, sample.address(addresses)], { cwd: folder });
  const expected = (await printedBy(join(CLIENTS, sample.file))).join('\n');
  return printed.trim() === expected ? undefined : `it printed\n${printed}and not\n${expected}`;
}

const isThere = ({ look: [command, ...args] }: Language): Promise<boolean> =>
  run(command, args, { cwd: tmpdir() }).then(
    () => true,
    () => false,
  );

/** @returns how many samples failed */
async function runAll(addresses: Addresses): Promise<number> {
  let faults = 0;
  for (const language of LANGUAGES) {
    if (!(await isThere(language))) {
      const files = language.samples.map(({ file }) => file).join(', ');
      console.log(`skipped, for there is no ${language.name} here: ${files}`);
      continue;
    }
    for (const sample of language.samples) if (await hasFailed(sample, addresses)) faults++;
  }
  return faults;
}

const script = {
  name: 'npm run samples --',
  text: 'Runs the samples of examples/clients that need Python or Go, with their libraries fetched for it.',
  specs: {},
};

runScript(script, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ringkeep-samples-'));
  const redis = `127.0.0.1:${await freePort()}`;
  const nodeArgs = ['--redis-port', redis.slice(redis.indexOf(':') + 1)];
  const ring = await LocalRing.start({ folder, replicationFactor: 1, links: false, nodeArgs }, 1);
  try {
    await ring.settled();
    return (await runAll({ grpc: ring.addresses[0] ?? '', redis })) === 0 ? 0 : 1;
  } finally {
    await ring.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
