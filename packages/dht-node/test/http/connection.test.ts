/** One connection of the door by itself, on a real socket: what it still carries out when it is to end. */

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { ByteBudget } from '@ringkeep/process/server';
import { HttpConnection, type Turn } from '../../src/doors/http/connection';

let server: Server;
let client: Socket;
let connection: HttpConnection;

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [socket] = (await once(server, 'connection')) as [Socket];
  connection = new HttpConnection(
    socket,
    new ByteBudget(1024).open(() => socket.destroy()),
    () => 0,
  );
});
afterEach(async () => {
  client.destroy();
  connection.socket.destroy();
  server.close();
  await once(server, 'close');
});

/** What is carried out, in order; each is over at once unless it is to be ended by hand. */
function turnsInto(carriedOut: string[]): (name: string, isOver?: boolean) => Turn {
  return (name, isOver = true) => {
    const turn: Turn = {
      isReading: false,
      run: () => {
        carriedOut.push(name);
        if (isOver) connection.over(turn);
      },
    };
    return turn;
  };
}

test('a request whose rest comes after an idle connection was ended is not carried out', async () => {
  const carriedOut: string[] = [];
  const turn = turnsInto(carriedOut);
  connection.drain();
  await once(client.resume(), 'end');
  connection.take(turn('late'));
  expect(carriedOut).toEqual([]);
});

test('what has come when the node stops is carried out, and what comes behind the end is not', async () => {
  const carriedOut: string[] = [];
  const turn = turnsInto(carriedOut);
  const first = turn('first', false);
  connection.take(first);
  connection.take(turn('second'));
  connection.drain();
  connection.over(first);
  await once(client.resume(), 'end');
  connection.take(turn('late'));
  expect(carriedOut).toEqual(['first', 'second']);
});
