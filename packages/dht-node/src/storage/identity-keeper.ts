/** What is remembered of a node from one start to the next: on its disk, or for as long as the process lives. */

import type { DataFolder, NodeIdentity } from '.';

export interface IdentityKeeper {
  readonly known: NodeIdentity | undefined;
  /** Also the longest lease that the node may grant from now on, ms. Durable when the promise resolves. */
  save(identity: NodeIdentity, leaseMs: number): Promise<void>;
}

export function keeperOf(folder: DataFolder | undefined): IdentityKeeper {
  if (folder) {
    return {
      get known() {
        return folder.identity.identity;
      },
      save: (identity, leaseMs) => folder.identity.remember(identity, leaseMs),
    };
  }
  let known: NodeIdentity | undefined;
  return {
    get known() {
      return known;
    },
    save: async (identity) => {
      known = identity;
    },
  };
}
