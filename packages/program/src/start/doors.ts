/**
 * The doors of a node that a trial ring opens, on loopback, and where each is.
 *
 * A door that is added to the node is added here with its flags, and its address is printed with the others.
 */

/** The port of the registry, and of the first node at once after it. */
export const USUAL_BASE = 50_000;

export interface Door {
  readonly name: string;
  /** For whom it is. */
  readonly text: string;
  /** How far its ports are from those of the gRPC door. */
  readonly offset: number;
  /** The flags that open it. */
  readonly flags: (port: number) => readonly string[];
  readonly address: (port: number) => string;
}

export const DOORS: readonly Door[] = [
  {
    name: 'gRPC',
    text: 'client library, command line, grpcurl',
    offset: 0,
    // The port of this door is the node's own argument.
    flags: () => [],
    address: (port) => `127.0.0.1:${port}`,
  },
  {
    name: 'Redis',
    text: 'redis-cli -p PORT, and clients of Redis',
    offset: 100,
    flags: (port) => ['--redis-port', String(port)],
    address: (port) => `127.0.0.1:${port}`,
  },
  {
    name: 'HTTP',
    text: 'curl, browsers; /openapi.json says what there is',
    offset: 200,
    flags: (port) => ['--http-port', String(port)],
    address: (port) => `http://127.0.0.1:${port}`,
  },
];

export const doorFlags = (nodePort: number): readonly string[] =>
  DOORS.flatMap(({ offset, flags }) => flags(nodePort + offset));

/** A line for each door, with its address at every node. */
export function doorLines(nodePorts: readonly number[]): string[] {
  const widest = Math.max(...DOORS.map(({ name }) => name.length));
  return DOORS.map(({ name, text, offset, address }) => {
    const addresses = nodePorts.map((port) => address(port + offset)).join(', ');
    return `  ${name.padEnd(widest)}  ${addresses}  (${text})`;
  });
}
