/** Counts the visits of a browser in its session, which any server with this store finds. */

import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { createClient } from 'redis';

const [address = '127.0.0.1:50101', port = '3001'] = process.argv.slice(2);

const client = createClient({ url: `redis://${address}` });
client.on('error', (error) => console.error(`no connection to ${address}: ${error.message}`));
await client.connect();

const app = express();
app.use(
  session({
    store: new RedisStore({ client, prefix: 'session/', ttl: 3600 }),
    secret: process.env.SESSION_SECRET ?? 'only for trying out',
    resave: false,
    saveUninitialized: false,
  }),
);
app.get('/', (request, response) => {
  request.session.visits = (request.session.visits ?? 0) + 1;
  response.type('text').send(`visit ${request.session.visits}\n`);
});
app.get('/leave', (request, response, next) => {
  request.session.destroy((error) => (error ? next(error) : response.type('text').send('good bye\n')));
});

const server = app.listen(Number(port), '127.0.0.1', (error) => {
  if (error) throw error;
  console.log(`ready on http://127.0.0.1:${server.address().port}`);
});
process.once('SIGTERM', () => {
  server.close();
  client.destroy();
});
