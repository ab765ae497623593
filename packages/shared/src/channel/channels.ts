/**
 * Client channels: one set of options for all, and credentials by the scheme of the address.
 *
 * gRPC's own retries and channelz are off. They cost 12–30 % of a client's CPU, and only the caller knows whether a
 * call was a write and may be sent again.
 */

import { credentials, type ChannelCredentials, type ChannelOptions } from '@grpc/grpc-js';
import { FLOW_CONTROL_WINDOW_BYTES, MESSAGE_BYTES_MAX } from '../ring';
import { grpcTarget, parseAddress } from './addresses';
import { NO_TLS, type TlsMaterial } from './tls-files';

/** How often a peer is asked whether it is there: a connection may be gone without either end having been told. */
export const KEEPALIVE_TIME_MS = 4_000;
/**
 * A peer that does not answer that question in time is taken for gone: by then it has stood still for longer than any
 * lease.
 */
export const KEEPALIVE_TIMEOUT_MS = 4_000;

export const MESSAGE_OPTIONS: ChannelOptions = {
  'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
  'grpc.keepalive_time_ms': KEEPALIVE_TIME_MS,
  'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
  'grpc.enable_channelz': 0,
};

export const CHANNEL_OPTIONS: ChannelOptions = {
  ...MESSAGE_OPTIONS,
  // HTTP/2's own 64 KiB are less than two replies of 256 small values.
  'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW_BYTES,
  'grpc.enable_retries': 0,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_http_proxy': 0,
  // Two clients of one process, say a node's and its application's, do not share one connection's fate.
  'grpc.use_local_subchannel_pool': 1,
};

/** The user agent by which nodes know each other. */
export const NODE_USER_AGENT = 'ringkeep-node';

/** The user agent of channels from a node, by which others keep room for them. */
export const NODE_CHANNEL: ChannelOptions = { 'grpc.primary_user_agent': NODE_USER_AGENT };

/** The three arguments of a generated client's constructor: `new RegistryClient(...channelTo(address))`. */
export function channelTo(
  address: string,
  tls: TlsMaterial = NO_TLS,
  options: ChannelOptions = {},
): [target: string, credentials: ChannelCredentials, options: ChannelOptions] {
  const parsed = parseAddress(address);
  const secured = parsed.secure ? credentials.createSsl(tls.ca ?? null) : credentials.createInsecure();
  return [grpcTarget(parsed), endingWithChannel(secured), { ...CHANNEL_OPTIONS, ...options }];
}

/**
 * A channel that is closed while it pauses after a failure would still connect once more (grpc-js 1.14), and nobody
 * would ever close that connection. Its connector is told of the end, and connects no more after it.
 */
function endingWithChannel(secured: ChannelCredentials): ChannelCredentials {
  const create = secured._createSecureConnector.bind(secured);
  secured._createSecureConnector = (...of) => {
    const connector = create(...of);
    let isOver = false;
    return {
      connect: (socket) => connector.connect(socket),
      waitForReady: () =>
        isOver ? Promise.reject(new Error('the channel was closed')) : connector.waitForReady(),
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => {
        isOver = true;
        connector.destroy();
      },
    };
  };
  return secured;
}
