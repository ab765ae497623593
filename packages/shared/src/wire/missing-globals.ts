/**
 * Globals of Node.js that test environments with a browser's globals (jsdom) lack, and that the generated code and gRPC
 * need. A global that exists stays as it is.
 */

import { clearImmediate, setImmediate } from 'node:timers';
import { TextDecoder, TextEncoder } from 'node:util';

for (const [name, value] of Object.entries({ TextDecoder, TextEncoder, clearImmediate, setImmediate })) {
  if (name in globalThis) continue;
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}
