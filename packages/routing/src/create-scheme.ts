/** A scheme by its name: what a node makes from the ring's parameter. */

import { RingError, type NodeId } from '@ringkeep/shared';
import { Chord, type ChordOptions } from './chord';
import { Neighbours, type NeighboursOptions } from './neighbours';
import { OneHop } from './one-hop';
import { PastryScheme, type PastrySchemeOptions } from './pastry/pastry-scheme';
import { SCHEME_NAMES, type Peer, type RoutingScheme, type SchemeName } from './scheme';

export interface SchemeOptions {
  readonly neighbours?: NeighboursOptions;
  readonly chord?: ChordOptions;
  readonly pastry?: PastrySchemeOptions;
}

export function createScheme(
  name: SchemeName,
  self: NodeId,
  peers: Iterable<Peer> = [],
  options: SchemeOptions = {},
): RoutingScheme {
  switch (name) {
    case 'one-hop':
      return new OneHop(self, peers);
    case 'neighbours':
      return new Neighbours(self, peers, options.neighbours);
    case 'chord':
      return new Chord(self, peers, options.chord);
    case 'pastry':
      return new PastryScheme(self, peers, options.pastry);
  }
}

/** Reads a scheme's name. Throws INVALID_ARGUMENT, naming those that exist. */
export function parseSchemeName(text: string): SchemeName {
  const name = SCHEME_NAMES.find((known) => known === text);
  if (name === undefined) {
    throw new RingError(
      'INVALID_ARGUMENT',
      `no routing scheme ${text}; there are ${SCHEME_NAMES.join(', ')}`,
    );
  }
  return name;
}
