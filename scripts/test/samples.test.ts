/**
 * The samples of docs/DATA-MODEL.md, run one after the other in one program against a ring. A comment behind
 * `console.log` is what the line prints.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { transform } from '@swc/core';
import { RingNode } from '@ringkeep/dht-node';
import { RingClient } from '@ringkeep/client';
import { startRegistry } from '@ringkeep/registry';

const DOCUMENT = join(__dirname, '../../docs/DATA-MODEL.md');
const ADDRESS = '127.0.0.1:50001';

/** The code of a document, and what it says that it prints. */
function samplesIn(path: string): { code: string; prints: string[] } {
  const blocks = [...readFileSync(path, 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
  const code = blocks.join('\n').replace(/^import .*$/gm, '');
  const prints = [...code.matchAll(/^\s*console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text as string);
  return { code, prints };
}

async function run(code: string, names: Readonly<Record<string, unknown>>): Promise<void> {
  const program = `(async (${Object.keys(names).join(', ')}) => {${code}})`;
  const { code: plain } = await transform(program, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
  });
  await (0, eval)(plain)(...Object.values(names));
}

test('the samples of the data model print what they say', async () => {
  const { code, prints } = samplesIn(DOCUMENT);
  expect(prints.length).toBeGreaterThan(10);
  expect(code).toContain(ADDRESS);
  const registry = await startRegistry({ port: 0, parameters: { replicationFactor: 1 } });
  const node = await RingNode.start({ port: 0, storage: 'memory', registry: registry.address });
  const printed: string[] = [];
  const print = (...values: unknown[]): number =>
    printed.push(values.map((value) => (typeof value === 'string' ? value : inspect(value))).join(' '));
  const clients: RingClient[] = [];
  const connect: typeof RingClient.connect = async (options, call) => {
    const client = await RingClient.connect({ ...options, nodes: [node.address] }, call);
    clients.push(client);
    return client;
  };
  try {
    await run(code, { RingClient: { connect }, console: { log: print } });
    expect(printed).toEqual(prints);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await node.stop();
    await registry.stop();
  }
});
