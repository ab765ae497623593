/** The calls of the client library are those of the generated services. */

import { NODE_CALLS, REGISTRY_CALLS } from '../../src/wire/client-services';
import { DhtNodeService } from '../../src/wire/generated/dht';
import { RegistryService } from '../../src/wire/generated/registry';

const CALLS = [
  ['QueryBatch', NODE_CALLS.queryBatch, DhtNodeService.queryBatch],
  ['Watch', NODE_CALLS.watch, DhtNodeService.watch],
  ['WatchRing of a node', NODE_CALLS.watchRing, DhtNodeService.watchRing],
  ['WatchRing of the registry', REGISTRY_CALLS.watchRing, RegistryService.watchRing],
] as const;

test.each(CALLS)('%s has the path and the streams of the generated call', (_name, own, generated) => {
  const { path, requestStream, responseStream } = generated;
  expect(own).toMatchObject({ path, requestStream, responseStream });
});

test.each(CALLS)('%s has the messages of the generated call', (_name, own, generated) => {
  const empty = Buffer.alloc(0);
  expect(own.requestDeserialize(empty)).toEqual(generated.requestDeserialize(empty));
  expect(own.responseDeserialize(empty)).toEqual(generated.responseDeserialize(empty));
  const request = own.requestDeserialize(empty) as never;
  const response = own.responseDeserialize(empty) as never;
  expect(own.requestSerialize(request)).toEqual(generated.requestSerialize(request));
  expect(own.responseSerialize(response)).toEqual(generated.responseSerialize(response));
});
