/**
 * The edition of the protocol between nodes: entries, logs and transfers as dht.proto has them. A node with another
 * edition would be given its part of the ring and then understand nobody, so it is told when it registers.
 */

/** Raised with each change that a node of the previous edition does not understand. */
export const NODE_PROTOCOL = 2;

/** Why a node that names this edition is not taken in; undefined if it is. */
export function nodeProtocolFault(named: number): string | undefined {
  if (named === NODE_PROTOCOL) return undefined;
  const what =
    named === 0
      ? 'no edition of the protocol between nodes'
      : `edition ${named} of the protocol between nodes`;
  return (
    `the node names ${what}, and this ring speaks edition ${NODE_PROTOCOL}: ` +
    'run the same version of Ringkeep for all nodes and the registry; the data of an older one is read'
  );
}
