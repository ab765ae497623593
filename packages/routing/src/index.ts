export { Chord, type ChordOptions } from './chord';
export { createScheme, type SchemeOptions } from './create-scheme';
export { Neighbours, type NeighboursOptions } from './neighbours';
export { OneHop } from './one-hop';
export type { DigitBits } from './pastry/id-space';
export { Pastry, type PastryOptions } from './pastry/pastry';
export { PastryScheme, type PastrySchemeOptions } from './pastry/pastry-scheme';
export * from './proximity';
export * from './scheme';
