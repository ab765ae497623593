/** A scheme by its name: what a node makes from the ring's parameter. */

import type { NodeId } from '@ringkeep/shared';
import { Chord, type ChordOptions } from './chord';
import { Neighbours, type NeighboursOptions } from './neighbours';
import { OneHop } from './one-hop';
import { PastryScheme, type PastrySchemeOptions } from './pastry/pastry-scheme';
import type { Peer, RoutingScheme, SchemeName } from './scheme';

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
