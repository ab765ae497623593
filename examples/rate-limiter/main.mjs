/** A server that answers five requests in ten seconds of each address, and refuses the rest. */

import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import { admit } from './limiter.mjs';

const [address = '127.0.0.1:50101', port = '3003'] = process.argv.slice(2);
const RULE = { limit: 5, seconds: 10 };

const redis = new Redis(`redis://${address}`, { autoResendUnfulfilledCommands: false });
redis.on('error', (error) => console.error(`no connection to ${address}: ${error.message}`));

const server = createServer(async (request, response) => {
  try {
    const { passes, remaining, resetSeconds } = await admit(redis, request.socket.remoteAddress, RULE);
    response.setHeader('X-RateLimit-Remaining', remaining);
    if (!passes) response.setHeader('Retry-After', resetSeconds);
    response.writeHead(passes ? 200 : 429).end(passes ? 'welcome\n' : 'too many requests\n');
  } catch (error) {
    // Nobody can count at present. Whether to let everybody pass then is for you to decide.
    console.error(`not counted: ${error.message}`);
    response.writeHead(503).end();
  }
});
server.listen(Number(port), '127.0.0.1', () =>
  console.log(`ready on http://127.0.0.1:${server.address().port}`),
);
process.once('SIGTERM', () => {
  server.close();
  redis.disconnect();
});
