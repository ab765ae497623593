/** The HTTP server of Node.js answering a constant: `node http-constant-server.js PORT VALUE_BYTES`. */

import { createServer } from 'node:http';

const [, , port, valueBytes] = process.argv;
const value = Buffer.alloc(Number(valueBytes), 'v');
const headers = ['Content-Type', 'application/octet-stream', 'Content-Length', String(value.length)];

createServer((_, response) => {
  response.writeHead(200, headers);
  response.end(value);
}).listen(Number(port), '127.0.0.1');
