/** What the commands ask of the node around them. */

/** A section of INFO. */
export type InfoSection = readonly (readonly [name: string, value: string | number])[];

/** `Session`: what it knows of a connection. */
export interface NodeFacts<Session> {
  /** The process' clock, ms. */
  nowMs(): number;
  /** The ring's time as well as it is known, ms since 1970. */
  wallMs(): number;
  sessions(): Iterable<Session>;
  /** By name, in lower case, in the order in which they are told. */
  info(): Readonly<Record<string, InfoSection>>;
  /** What CONFIG GET tells. */
  readonly settings: ReadonlyMap<string, string>;
  readonly version: string;
  readonly allowsFlush: boolean;
}
