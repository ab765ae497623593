import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TcpLink } from '../src/tcp-link';

/** A server that sends everything back. */
let server: Server;
let link: TcpLink;
let served: Promise<Socket>;

beforeEach(async () => {
  server = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  served = once(server, 'connection').then(([socket]) => socket as Socket);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  link = await TcpLink.open((server.address() as AddressInfo).port);
});

afterEach(async () => {
  await link.close();
  server.close();
});

async function client(): Promise<Socket> {
  const socket = connect(link.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

async function read(socket: Socket, bytes: number): Promise<string> {
  let text = '';
  while (text.length < bytes) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    text += chunk.toString();
  }
  return text;
}

test('a sound link carries bytes both ways and in order', async () => {
  const socket = await client();
  const sent = Array.from({ length: 20_000 }, (_, i) => `${i} `).join('');
  const echoed = read(socket, sent.length);
  socket.write(sent);
  expect(await echoed).toBe(sent);
  socket.destroy();
});

test('what is sent into a cut arrives, in order, when the cut is mended', async () => {
  const socket = await client();
  const behind = await served;
  link.impair({ cutTo: true });
  let arrived = '';
  behind.on('data', (chunk: Buffer) => (arrived += chunk.toString()));
  socket.write('first ');
  // The other direction still works, and its echo proves that time has passed.
  behind.write('from the server');
  expect(await read(socket, 15)).toBe('from the server');
  socket.write('second');
  expect(arrived).toBe('');
  const echoed = read(socket, 12);
  link.mend();
  expect(await echoed).toBe('first second');
  socket.destroy();
});

test('a cut of the way back lets requests through and keeps the answers', async () => {
  const socket = await client();
  const behind = await served;
  link.impair({ cutFrom: true });
  let answered = false;
  socket.on('data', () => (answered = true));
  const arrived = once(behind, 'data');
  socket.write('request');
  expect(String((await arrived)[0])).toBe('request');
  expect(answered).toBe(false);
  const echoed = read(socket, 7);
  link.mend();
  expect(await echoed).toBe('request');
  socket.destroy();
});

test('a link that refuses breaks its connections and the new ones', async () => {
  const socket = await client();
  await served;
  const broken = once(socket, 'close');
  link.impair({ refusing: true });
  await broken;
  const next = connect(link.port, '127.0.0.1').on('error', () => undefined);
  await once(next, 'close');
  link.mend();
  const later = await client();
  const echoed = read(later, 2);
  later.write('up');
  expect(await echoed).toBe('up');
  later.destroy();
});

test('a slow link delays each way and keeps the order', async () => {
  const socket = await client();
  await served;
  link.impair({ delayMs: 20 });
  const startedMs = performance.now();
  const echoed = read(socket, 2);
  socket.write('a');
  socket.write('b');
  expect(await echoed).toBe('ab');
  expect(performance.now() - startedMs).toBeGreaterThan(35);
  socket.destroy();
});

test('a client that leaves is noticed behind the link', async () => {
  const socket = await client();
  const behind = await served;
  const gone = once(behind, 'close');
  socket.destroy();
  await gone;
});
