/** What a node tells others of where it is. */

import { advertisedAddress } from '../../src/doors/grpc/advertised-address';

test.each([
  ['127.0.0.1', false, 'http://127.0.0.1:50001'],
  ['127.0.0.1', true, 'https://127.0.0.1:50001'],
  ['node3', false, 'http://node3:50001'],
  ['node3:7', false, 'http://node3:7'],
  ['https://node3', false, 'https://node3:50001'],
  ['::1', false, 'http://[::1]:50001'],
  ['10.0.0.0', false, 'http://10.0.0.0:50001'],
])('%s (TLS: %s) is completed to %s', (given, secure, url) => {
  expect(advertisedAddress(given, secure, 50_001)).toBe(url);
});

test.each(['0.0.0.0', '0.0.0.0:7', 'http://0.0.0.0', '::', '[::]:7', '0:0:0:0:0:0:0:0', '::ffff:0.0.0.0'])(
  '%s is refused, and it is said what to give instead',
  (given) => {
    expect(() => advertisedAddress(given, false, 50_001)).toThrow(
      /every address of this machine.*--advertise \(NODE_ADVERTISE\).*"--advertise hostname"/,
    );
  },
);
