/** The samples of docs/HTTP.md, run one after the other against a node: what curl prints, and what a page shows. */

import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EventSource } from 'eventsource';
import { RingNode } from '@ringkeep/dht-node';
import { startRegistry, type RunningRegistry } from '@ringkeep/registry';

const DOCUMENT = readFileSync(join(__dirname, '../../docs/HTTP.md'), 'utf8');
const ADDRESS = '127.0.0.1:8080';
const BETWEEN = '\x1e';

let registry: RunningRegistry;
let node: RingNode;

beforeAll(async () => {
  registry = await startRegistry({ port: 0, parameters: { replicationFactor: 1 } });
  const http = { host: '127.0.0.1', port: 0, origins: ['http://localhost:3000'] };
  node = await RingNode.start({ port: 0, storage: 'memory', registry: registry.address, http });
});
afterAll(async () => {
  await node.stop();
  await registry.stop();
});

function blocks(language: string): string[] {
  return [...DOCUMENT.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(([, text]) =>
    (text as string).replaceAll(ADDRESS, node.httpAddress as string),
  );
}

interface Sample {
  command: string;
  prints: string;
}

/** `$` begins a command, `>` goes on with it, and what follows is what it prints. */
function samples(): Sample[] {
  const found: Sample[] = [];
  for (const line of blocks('console').join('').trimEnd().split('\n')) {
    const last = found.at(-1) as Sample;
    if (line.startsWith('$ ')) found.push({ command: line.slice(2), prints: '' });
    else if (line.startsWith('> ')) last.command += `\n${line.slice(2)}`;
    else last.prints += `${line}\n`;
  }
  return found;
}

/** Versions differ from ring to ring. */
function plain(printed: string): string {
  return printed.trim().replaceAll(/("version":|\\")\d+/g, '$1…');
}

const hasCurl = (() => {
  try {
    execFileSync('curl', ['--version']);
    return true;
  } catch {
    return false;
  }
})();

(hasCurl ? test : test.skip)('what curl is told is what the document says', async () => {
  const all = samples();
  expect(all.length).toBeGreaterThan(12);
  const script = all.map(
    ({ command }) => `${command.replaceAll('curl ', 'curl -sS ')}\nprintf '${BETWEEN}'\n`,
  );
  const { stdout } = await promisify(execFile)('bash', ['-c', script.join('')]);
  const printed = stdout.split(BETWEEN).slice(0, -1);
  expect(printed.map(plain)).toEqual(all.map(({ prints }) => plain(prints)));
});

test('the page shows what changes', async () => {
  const [page = ''] = blocks('html');
  const script = /<script>(.*)<\/script>/s.exec(page)?.[1] as string;
  const shown: string[] = [];
  const append = ({ textContent }: { textContent: string }): unknown => shown.push(textContent);
  const document = { createElement: () => ({ textContent: '' }), getElementById: () => ({ append }) };
  let source: EventSource | undefined;
  /** As a browser sends it from the page's own server. */
  class OfPage extends EventSource {
    constructor(url: string) {
      super(url, {
        fetch: (to, init) =>
          fetch(to, {
            ...init,
            headers: { ...init.headers, Origin: 'http://localhost:3000', 'Sec-Fetch-Site': 'same-site' },
          }),
      });
      source = this as EventSource;
    }
  }
  new Function('EventSource', 'document', script)(OfPage, document);
  const ready = new Promise((resolve) => source?.addEventListener('ready', resolve));
  const third = new Promise<void>((resolve) => source?.addEventListener('delete', () => resolve()));
  await ready;
  await node.set('{order 7}status', 'paid');
  await node.set('{order 8}status', 'new');
  await node.delete('{order 7}status');
  await third;
  source?.close();
  expect(shown).toEqual(['{order 7}status: paid', '{order 7}status: gone']);
});
