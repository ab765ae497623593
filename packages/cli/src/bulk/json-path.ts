/**
 * Finds a value in the text of a JSON document that JSON.parse has accepted, and returns its exact text.
 *
 * JSON.parse makes 64-bit floating-point numbers: ids beyond 2^53 become equal, 1e400 is infinite, 1.0 is 1. Only the
 * text still tells them apart, and JSON.parse does not show it before Node.js 21. Only numbers are looked for, so a
 * second pass over a record is rare. Rejected: parsers that keep the text of numbers. They are written in JavaScript,
 * read every record several times slower, and refuse repeated names.
 */

/** A string, structure, or a word: number, true, false, null. White space between them is skipped. */
const TOKEN = /[ \t\r\n]*(?:("[^"\\]*(?:\\.[^"\\]*)*")|([[\]{}:,])|([^\s[\]{}:,"]+))/y;

/**
 * The text of the value at `path`, the names of members and the indices of elements on the way to it; undefined
 * when there is none. Of members with one name the last one counts, as for JSON.parse.
 */
export function textAtPath(json: string, path: readonly string[]): string | undefined {
  let start = 0;
  for (const name of path) {
    const found = new JsonWalk(json, start).childAt(name);
    if (found === undefined) return undefined;
    start = found;
  }
  const walk = new JsonWalk(json, start);
  walk.skipValue();
  return json.slice(start, walk.at).trim();
}

/** One pass over the children of a value. */
class JsonWalk {
  constructor(
    private readonly json: string,
    public at: number,
  ) {}

  /** Where the child of that name begins; undefined when the value has none. */
  childAt(name: string): number | undefined {
    const opening = this.next();
    if (opening === '[') return this.elementAt(name);
    return opening === '{' ? this.memberAt(name) : undefined;
  }

  /** Skips one value, whatever is nested in it. */
  skipValue(): void {
    let depth = 0;
    do {
      const token = this.next();
      if (token === '{' || token === '[') depth++;
      else if (token === '}' || token === ']') depth--;
    } while (depth > 0);
  }

  private memberAt(name: string): number | undefined {
    let found: number | undefined;
    for (let token = this.next(); token !== '}'; token = this.next()) {
      if (token === ',') continue;
      this.next();
      if (JSON.parse(token) === name) found = this.at;
      this.skipValue();
    }
    return found;
  }

  private elementAt(name: string): number | undefined {
    for (let index = 0; ; index++) {
      const start = this.at;
      if (this.next() === ']') return undefined;
      this.at = start;
      if (String(index) === name) return start;
      this.skipValue();
      if (this.next() === ']') return undefined;
    }
  }

  private next(): string {
    TOKEN.lastIndex = this.at;
    const match = TOKEN.exec(this.json);
    if (match === null) throw new Error(`not JSON at ${this.at}`);
    this.at = TOKEN.lastIndex;
    return (match[1] ?? match[2] ?? match[3]) as string;
  }
}
