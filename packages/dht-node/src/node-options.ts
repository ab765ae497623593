/** The options of a node, and their defaults. */

import type { Meter } from '@ringkeep/process/meter';
import type { Logger } from '@ringkeep/process/running';
import type { TlsMaterial } from '@ringkeep/shared/channel';
import type { HttpDoorOptions } from './doors/http/http-options';
import type { RespDoorOptions } from './doors/resp/resp-options';
import type { NodeObserver } from './observing/node-observer';
import type { Proximity } from './proximity';
import type { Durability } from './storage';

export interface NodeOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly host?: string;
  /** The address under which others reach this node; by default host and port. */
  readonly advertise?: string | undefined;
  /** The registry's address, or … */
  readonly registry?: string | undefined;
  /** … the address of any node of the ring, which names the registry. */
  readonly join?: string | undefined;
  readonly storage: 'disk' | 'memory';
  /** Needed for storage 'disk'. */
  readonly dataDir?: string | undefined;
  readonly durability?: Durability;
  /** Free space on the disk below which no new entry is accepted, bytes. */
  readonly diskReserveBytes?: number | undefined;
  /** A node that has lost a part of its data becomes a new one; otherwise it refuses to start. */
  readonly acceptDataLoss?: boolean;
  /** How long to try to register before the start fails, ms. */
  readonly registryTimeoutMs?: number;
  /** How routing by proximity measures distance: random co-ordinates (the default), round-trip times, or not at all. */
  readonly proximity?: Proximity;
  /** How often all stored data is read and checked, ms; 0 for never. */
  readonly scrubEveryMs?: number;
  /** Bytes of committed changes that are kept for watchers that fall behind or come back; 8 MiB by default. */
  readonly watchHistoryBytes?: number;
  /** Watches served at a time; 10,000 by default. */
  readonly watchesMax?: number;
  readonly tls?: TlsMaterial | undefined;
  /** Opens the door for Redis clients. */
  readonly redis?: RespDoorOptions | undefined;
  /** Opens the door for HTTP and JSON. */
  readonly http?: HttpDoorOptions | undefined;
  readonly logger?: Logger;
  /** Are told of what happens, beside the logger and the meter. */
  readonly observers?: readonly NodeObserver[];
  /** Counts what happens; one for each node. */
  readonly meter?: Meter;
  /** The started node cannot continue; it has stopped. */
  readonly onFailure?: (error: Error) => void;
  /** The node has left the ring, whoever asked for it. */
  readonly onLeft?: () => void;
}

export const REGISTRY_TIMEOUT_MS = 60_000;
export const SCRUB_EVERY_MS = 7 * 24 * 3_600_000;
