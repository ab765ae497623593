/** Many values of the largest size at once: what replicas say to each other stays within what a message may have. */

import { TestRing } from './test-ring';

const VALUE_BYTES = 1 << 20;
/** More than one message may have, and no more than a busy machine can do before a write's deadline. */
const WRITES = 8;

let ring: TestRing;

beforeEach(async () => {
  ring = await TestRing.start({ replicationFactor: 2, membershipLeaseMs: 30_000, failureTimeoutMs: 30_000 });
});

afterEach(async () => {
  await ring.stop();
});

test('writes of 8 MiB at once reach both replicas on the streams that they have', async () => {
  const [node] = await ring.addNodes(2);
  await ring.untilSettled();
  const { version } = ring.registry.ring();
  await Promise.all(
    Array.from({ length: WRITES }, (_, index) => node?.set(`key ${index}`, Buffer.alloc(VALUE_BYTES, index))),
  );
  await ring.until(() =>
    ring.nodes.every((each) => each.status().replicas.reduce((sum, { keys }) => sum + keys, 0) === WRITES),
  );
  // No replica was given up meanwhile.
  expect(ring.registry.ring().version).toBe(version);
});
