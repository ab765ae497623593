/** Operations asked of one node after another with the plain call, as grpcurl does; the node forwards them. */

import { Metadata } from '@grpc/grpc-js';
import type { HistoryCondition, Observation, Value } from '@ringkeep/checker';
import { type Random, RingError } from '@ringkeep/shared';
import type { Drawn, RingAction } from './drawn-actions';
import { OperationType } from '@ringkeep/shared/operations';
import { channelTo, fromServiceError } from '@ringkeep/shared/channel';
import { dht } from '@ringkeep/shared/wire';

const TYPES = {
  get: OperationType.get,
  set: OperationType.exchange,
  delete: OperationType.delete,
  add: OperationType.add,
  append: OperationType.append,
  expire: OperationType.expire,
  persist: OperationType.persist,
} as const;

const NOT_PRESENT = 'Key not present';

export class SingleCalls {
  private readonly clients = new Map<string, dht.DhtNodeClient>();

  constructor(
    private readonly random: Random,
    private readonly addresses: () => readonly string[],
  ) {}

  /** Asks any node. */
  ask(key: string, { action, ttlMs }: Drawn, deadlineMs: number): Promise<Observation> {
    const { op } = action;
    const address = this.random.pick(this.addresses());
    const query = dht.Query.fromPartial({
      ty: TYPES[op],
      key: Buffer.from(key),
      value: op === 'set' || op === 'append' ? Buffer.from(action.value) : undefined,
      delta: op === 'add' ? BigInt(action.delta) : undefined,
      condition: op === 'get' ? undefined : conditionOf(action.condition),
      ttl: op === 'expire' ? undefined : ttlOf(action, ttlMs),
      expiry: op === 'expire' ? { ttlMs } : undefined,
    });
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + deadlineMs;
      this.clientOf(address).queryDht(query, new Metadata(), { deadline }, (error, result) => {
        const facts = { call: 'QueryDHT', address, writes: op !== 'get' };
        if (error) return reject(fromServiceError(error, facts));
        if (result.error !== undefined && result.error !== NOT_PRESENT)
          return reject(new RingError('INTERNAL', result.error));
        const found = result.value === undefined ? null : Buffer.from(result.value).toString();
        const { version, conditionFailed } = result;
        if (op === 'get') return resolve({ value: found, version });
        if (op === 'expire' || op === 'persist') return resolve(toldOfEnd(version, undefined));
        resolve({ ...toldBy(action, found, !conditionFailed), version });
      });
    });
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
    this.clients.clear();
  }

  private clientOf(address: string): dht.DhtNodeClient {
    const known = this.clients.get(address);
    if (known) return known;
    const client = new dht.DhtNodeClient(...channelTo(address));
    this.clients.set(address, client);
    return client;
  }
}

function ttlOf(action: RingAction, ttlMs: number | undefined): dht.TimeToLive | undefined {
  if (ttlMs !== undefined) return dht.TimeToLive.fromPartial({ ms: ttlMs });
  return 'keepsEnd' in action && action.keepsEnd ? dht.TimeToLive.fromPartial({ keep: true }) : undefined;
}

/** What is said of a key whose end was changed: that it is there, and perhaps its value. */
export function toldOfEnd(version: number, value: Value | undefined): Observation {
  if (version === 0) return { version, previous: null };
  return value === undefined ? { version } : { version, previous: value };
}

function conditionOf(condition: HistoryCondition | undefined): dht.Condition | undefined {
  switch (condition?.is) {
    case undefined:
      return undefined;
    case 'absent':
    case 'present':
      return dht.Condition.fromPartial({ [condition.is]: true });
    case 'version':
      return dht.Condition.fromPartial({ version: BigInt(condition.version) });
    case 'value':
      return dht.Condition.fromPartial({ value: Buffer.from(condition.value) });
  }
}

/** What the value of an answer says, of a write that was carried out or whose condition did not hold. */
export function toldBy(
  action: Exclude<RingAction, { op: 'get' | 'expire' | 'persist' }>,
  found: Value,
  held: boolean,
): Observation {
  const judged = action.condition && { held };
  if (!held) return { previous: found, ...judged };
  if (action.op === 'add') return { result: found ?? '', ...judged };
  if (action.op === 'append') return { length: Number(found), ...judged };
  return { previous: found, ...judged };
}
