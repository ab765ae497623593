/** The entries with a prefix, in memory, as they are in the ring. */
export class Mirror {
  entries = new Map();

  /** @param onChange is called with the key after each change */
  constructor(ring, prefix, onChange = () => undefined) {
    this.ring = ring;
    this.prefix = prefix;
    this.onChange = onChange;
    this.changes = ring.watch({ prefix });
  }

  /** Resolves when it is a mirror. From then on call `follow`. */
  async start() {
    await this.changes.ready;
    await this.readAnew();
  }

  get(key) {
    return this.entries.get(key)?.text;
  }

  /** Until `stop`. */
  async follow() {
    for await (const change of this.changes) {
      if (change.kind === 'lost') await this.readAnew();
      else this.apply(change);
    }
  }

  stop() {
    return this.changes.return();
  }

  async readAnew() {
    const entries = new Map();
    for await (const { keyText, value, version } of this.ring.scan({ prefix: this.prefix }))
      entries.set(keyText, { text: textOf(value), version });
    this.entries = entries;
  }

  apply({ kind, key, value, version }) {
    const name = textOf(key);
    const known = this.entries.get(name)?.version ?? 0;
    if (version <= known) return;
    if (kind === 'put') this.entries.set(name, { text: textOf(value), version });
    else this.entries.delete(name);
    this.onChange(name);
  }
}

const textOf = (bytes) => Buffer.from(bytes).toString();
