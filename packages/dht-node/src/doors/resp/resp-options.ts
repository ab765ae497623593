/** How the door for Redis clients is opened. */

export interface RespDoorOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** FLUSHALL and FLUSHDB delete all keys of the ring; otherwise they are refused. */
  readonly allowFlush: boolean;
  /** Connections at a time; 10,000, or half of the files that may be open, unless it is said. */
  readonly connectionsMax?: number;
}
