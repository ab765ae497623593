/** How the door for HTTP is opened. */

import type { HttpTimes } from './limits';

export interface HttpDoorOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Names by which callers may call this door, besides loopback's: what the header Host may say. */
  readonly names?: readonly string[];
  /** Origins of other pages that may ask, such as `https://example.org`. */
  readonly origins?: readonly string[];
  /** Connections at a time; 4,096, or a quarter of the files that may be open, unless it is said. */
  readonly connectionsMax?: number;
  /** Other times than the usual ones. */
  readonly times?: Partial<HttpTimes>;
}
