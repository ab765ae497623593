/**
 * The few calls that the client library makes, apart from the two services whole.
 *
 * A generated service names every message of its calls, so a bundle that mentions it holds all of them: more than half
 * of the client was code that it never ran and Node.js had to parse. A test holds these calls against the generated
 * ones.
 */

import {
  makeGenericClientConstructor,
  type ChannelCredentials,
  type Client,
  type ClientOptions,
  type MethodDefinition,
} from '@grpc/grpc-js';
import { BatchReply, BatchRequest, WatchEvents, WatchRequest, type DhtNodeClient } from './generated/dht';
import { RingUpdate, WatchRingRequest, type RegistryClient } from './generated/registry';

type ClientOf<Calls> = new (
  address: string,
  credentials: ChannelCredentials,
  options?: Partial<ClientOptions>,
) => Calls & Client;

interface Messages<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

/** A call whose answer is a stream. */
function streamed<Request, Response>(
  path: string,
  requestStream: boolean,
  requests: Messages<Request>,
  responses: Messages<Response>,
): MethodDefinition<Request, Response> {
  return {
    path,
    requestStream,
    responseStream: true,
    requestSerialize: (value) => Buffer.from(requests.encode(value).finish()),
    requestDeserialize: (bytes) => requests.decode(bytes),
    responseSerialize: (value) => Buffer.from(responses.encode(value).finish()),
    responseDeserialize: (bytes) => responses.decode(bytes),
  };
}

export const NODE_CALLS = {
  queryBatch: streamed('/dht.DhtNode/QueryBatch', true, BatchRequest, BatchReply),
  watch: streamed('/dht.DhtNode/Watch', false, WatchRequest, WatchEvents),
  watchRing: streamed('/dht.DhtNode/WatchRing', false, WatchRingRequest, RingUpdate),
};

export const REGISTRY_CALLS = {
  watchRing: streamed('/registry.Registry/WatchRing', false, WatchRingRequest, RingUpdate),
};

export type NodeCalls = Pick<DhtNodeClient, keyof typeof NODE_CALLS> & Client;

export const NodeCalls = makeGenericClientConstructor(NODE_CALLS, 'dht.DhtNode') as unknown as ClientOf<
  Pick<DhtNodeClient, keyof typeof NODE_CALLS>
>;

export const RegistryCalls = makeGenericClientConstructor(
  REGISTRY_CALLS,
  'registry.Registry',
) as unknown as ClientOf<Pick<RegistryClient, keyof typeof REGISTRY_CALLS>>;
