/**
 * A file as an operating system keeps it: pages in memory, as processes see them, on top of what the disk holds.
 *
 * A written page is dirty until it is synced. When the machine loses power, the disk has the page as it was, as it is,
 * or a mixture of their sectors. A page whose writing failed counts as clean from then on, as in Linux: it is in memory
 * and not on the disk, no later sync writes it, and it is gone when the memory is needed for something else.
 */

import type { Random } from '@ringkeep/shared';

/** Smaller than real ones, as the records of a run are: a group of them is to lie on several. */
const PAGE_BYTES = 512;
const SECTOR_BYTES = 128;
const FIRST_CAPACITY_BYTES = 4_096;

export class PagedFile {
  private memory = Buffer.alloc(FIRST_CAPACITY_BYTES);
  private length = 0;
  private lengthOnDisk = 0;
  /** What the disk has of the pages that differ, by number. */
  private dirty = new Map<number, Buffer>();
  private readonly unwritten = new Map<number, Buffer>();

  get bytes(): number {
    return this.length;
  }

  read(): Buffer {
    return Buffer.from(this.memory.subarray(0, this.length));
  }

  write(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length;
    this.reserve(end);
    this.touch(position, end);
    this.memory.set(bytes, position);
    this.length = Math.max(this.length, end);
  }

  truncate(bytes: number): void {
    if (bytes < this.length) {
      this.touch(bytes, this.length);
      this.memory.fill(0, bytes, this.length);
    } else this.reserve(bytes);
    this.length = bytes;
  }

  sync(): void {
    this.dirty.clear();
    this.lengthOnDisk = this.length;
  }

  /** Some of its dirty pages could not be written, and all of them are taken for clean. */
  failSync(random: Random): void {
    for (const [page, onDisk] of this.dirty) if (random.chance(0.7)) this.unwritten.set(page, onDisk);
    this.dirty.clear();
    this.lengthOnDisk = this.length;
  }

  /** Memory is needed for something else: what is clean is read from the disk next time. */
  evict(): void {
    for (const [page, onDisk] of this.unwritten) this.restore(page, onDisk);
    this.unwritten.clear();
  }

  /** The disk as it is without power. */
  losePower(random: Random): void {
    for (const [page, onDisk] of this.dirty) {
      const torn = random.chance(0.3);
      const kept = random.chance(0.5);
      for (let at = 0; at < PAGE_BYTES; at += SECTOR_BYTES) {
        if (torn ? random.chance(0.5) : kept) continue;
        onDisk.copy(this.memory, page * PAGE_BYTES + at, at, at + SECTOR_BYTES);
      }
    }
    this.evict();
    if (this.dirty.size > 0 && random.chance(0.5)) this.length = this.lengthOnDisk;
    this.dirty.clear();
    this.lengthOnDisk = this.length;
    this.memory.fill(0, this.length);
  }

  /** It is zeros from a place on, on the disk too. */
  clear(from: number): void {
    this.evict();
    this.memory.fill(0, from);
    this.sync();
  }

  /** A bit of it is another one, on the disk and wherever it is read from it. */
  flipBit(random: Random): void {
    if (this.length === 0) return;
    const at = random.below(this.length);
    this.memory[at] = (this.memory[at] as number) ^ (1 << random.below(8));
  }

  /** What the disk would have of it, as another file. */
  copy(): PagedFile {
    const copy = new PagedFile();
    copy.write(this.memory.subarray(0, this.length), 0);
    for (const [page, onDisk] of [...this.dirty, ...this.unwritten]) copy.restore(page, onDisk);
    copy.sync();
    return copy;
  }

  private restore(page: number, onDisk: Buffer): void {
    this.reserve((page + 1) * PAGE_BYTES);
    onDisk.copy(this.memory, page * PAGE_BYTES);
  }

  /** Pages are about to change: what the disk has of them is remembered. */
  private touch(from: number, to: number): void {
    for (let page = Math.floor(from / PAGE_BYTES); page * PAGE_BYTES < to; page++) {
      if (this.dirty.has(page)) continue;
      const at = page * PAGE_BYTES;
      this.dirty.set(
        page,
        this.unwritten.get(page) ?? Buffer.from(this.memory.subarray(at, at + PAGE_BYTES)),
      );
      this.unwritten.delete(page);
    }
  }

  private reserve(bytes: number): void {
    if (bytes <= this.memory.length) return;
    const pages = Math.ceil(bytes / PAGE_BYTES);
    const larger = Buffer.alloc(Math.max(2 * this.memory.length, pages * PAGE_BYTES));
    this.memory.copy(larger);
    this.memory = larger;
  }
}
