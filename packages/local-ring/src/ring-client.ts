/** Questions that scripts ask a ring: who is there, what does each node hold, has it come to rest. */

import { setTimeout as pause } from 'node:timers/promises';
import { Metadata } from '@grpc/grpc-js';
import { formatPosition, position, type Ring } from '@ringkeep/shared';
import { mismatch, whatAnswers } from '@ringkeep/process/probes';
import { channelTo } from '@ringkeep/shared/channel';
import { dht, registry as wire, ringFromWire } from '@ringkeep/shared/wire';

const CALL_TIMEOUT_MS = 5_000;
const POLL_MS = 100;

/**
 * The nodes that own a part of the ring, in ring order. When no registry answers, throws at once and says what is
 * there.
 */
export async function connectedNodes(registryAddress: string): Promise<wire.Node[]> {
  const client = new wire.RegistryClient(...channelTo(registryAddress));
  const options = { deadline: Date.now() + CALL_TIMEOUT_MS };
  try {
    return await new Promise((resolve, reject) => {
      client.getConnectedNodes({}, new Metadata(), options, (error, answer) =>
        error ? reject(error) : resolve(answer.nodes),
      );
    });
  } catch (error) {
    const found = await whatAnswers({ address: registryAddress, deadlineMs: CALL_TIMEOUT_MS });
    const what = mismatch(found, 'registry') ?? (error as Error).message;
    throw new Error(`no registry answers at ${registryAddress} (${what}); is it running?`, { cause: error });
  } finally {
    client.close();
  }
}

/** The ring as its registry has it at the moment. Throws when that takes too long. */
export async function ringOf(registryAddress: string): Promise<Ring> {
  const client = new wire.RegistryClient(...channelTo(registryAddress));
  const options = { deadline: Date.now() + CALL_TIMEOUT_MS };
  const watch = client.watchRing(wire.WatchRingRequest.fromPartial({}), new Metadata(), options);
  try {
    for await (const message of watch as AsyncIterable<wire.RingUpdate>) {
      if (message.update?.$case === 'ring') return ringFromWire(message.update.value);
    }
    throw new Error(`the registry at ${registryAddress} has said nothing about the ring`);
  } finally {
    watch.on('error', () => undefined);
    watch.cancel();
    client.close();
  }
}

/** A node's description of itself; undefined if it does not answer. */
export async function describeNode(address: string): Promise<dht.NodeDescription | undefined> {
  const client = new dht.DhtNodeClient(...channelTo(address));
  try {
    return await new Promise((resolve) => {
      client.waitForReady(Date.now() + CALL_TIMEOUT_MS, (late) => {
        if (late) return resolve(undefined);
        client.describeNode({}, (error, answer) => resolve(error ? undefined : answer));
      });
    });
  } finally {
    client.close();
  }
}

/** Asks a node to hand everything over and leave. Returns the reason if it did not. */
export async function askToLeave(address: string, withinMs: number): Promise<string | undefined> {
  const client = new dht.DhtNodeClient(...channelTo(address));
  const late = new AbortController();
  try {
    return await Promise.race([
      new Promise<string | undefined>((resolve) => {
        client.leaveRing({}, (error) => resolve(error ? error.details || error.message : undefined));
      }),
      pause(withinMs, `it has not left after ${withinMs} ms`, { signal: late.signal }),
    ]);
  } finally {
    late.abort();
    client.close();
  }
}

/** The descriptions of all nodes once each says that nothing is left to do. Throws when that takes too long. */
export async function untilSettled(
  addresses: readonly string[],
  withinMs: number,
): Promise<dht.NodeDescription[]> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const described = await Promise.all(addresses.map(describeNode));
    const there = described.filter((description) => description !== undefined);
    const versions = new Set(there.map((description) => description.ringVersion));
    const unsettled = addresses.filter((_, index) => !described[index]?.settled);
    if (unsettled.length === 0 && versions.size === 1) return there;
    if (Date.now() > deadline) {
      throw new Error(
        `the ring has not come to rest after ${withinMs} ms; not settled: ${unsettled.join(', ')}`,
      );
    }
    await pause(POLL_MS);
  }
}

/** Keys that the nodes hold as primaries. */
export function ownedKeys(descriptions: readonly dht.NodeDescription[]): number {
  return descriptions.flatMap(owned).reduce((sum, replica) => sum + replica.keys, 0);
}

/** Copies of keys that the nodes hold, whatever their part. */
export function heldKeys(descriptions: readonly dht.NodeDescription[]): number {
  return descriptions.flatMap(({ replicas }) => replicas).reduce((sum, replica) => sum + replica.keys, 0);
}

export function owned(description: dht.NodeDescription): dht.ReplicaDescription[] {
  return description.replicas.filter((replica) => replica.primary);
}

export function nodeName(id: bigint): string {
  return formatPosition(position(id));
}
