import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceError } from '@grpc/grpc-js';
import { GrpcServer, unary } from '@ringkeep/process/server';
import { channelTo, fromServiceError, loadTls } from '@ringkeep/shared/channel';
import { registry } from '@ringkeep/shared/wire';

/** A certificate for localhost that is its own authority; undefined where there is no openssl. */
function makeCertificate(folder: string): { cert: string; key: string } | undefined {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const files = ['-keyout', key, '-out', cert];
  try {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    execFileSync('openssl', ['req', '-x509', ...curve, '-nodes', ...subject, ...files], { stdio: 'ignore' });
    return { cert, key };
  } catch {
    return undefined;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'ringkeep-tls-'));
const made = makeCertificate(folder);
afterAll(() => rmSync(folder, { recursive: true }));

(made ? describe : describe.skip)('TLS (needs the openssl command)', () => {
  let server: GrpcServer;
  let port: number;
  beforeAll(async () => {
    server = new GrpcServer(await loadTls(made ?? {}));
    const { getConnectedNodes } = registry.RegistryService;
    server.addService({ getConnectedNodes }, { getConnectedNodes: unary(() => ({ nodes: [] })) });
    port = await server.listen({ host: 'localhost', port: 0 });
  });
  afterAll(() => server.stop(0));

  async function call(scheme: string, ca: string | undefined): Promise<string> {
    const address = `${scheme}://localhost:${port}`;
    const client = new registry.RegistryClient(...channelTo(address, await loadTls({ ca })));
    const outcome = await new Promise<string>((resolve) => {
      client.getConnectedNodes({}, (error: ServiceError | null) => {
        resolve(error ? fromServiceError(error, { call: 'it', address, writes: true }).code : 'answered');
      });
    });
    client.close();
    return outcome;
  }

  test('an https address is answered to whoever trusts the authority, and to nobody else', async () => {
    expect(await call('https', made?.cert)).toBe('answered');
    expect(await call('https', undefined)).toBe('UNAVAILABLE');
    expect(await call('http', undefined)).not.toBe('answered');
  });
});
