/** Short names for people: machines are n1, n2, …; positions are shown by their first four digits. */

import {
  formatPosition,
  type Arc,
  type ArcConfig,
  type Bytes,
  type NodeId,
  type Position,
} from '@ringkeep/shared';
import { headOf, valueIn } from '@ringkeep/shared/operations';
import { isGroup, type Entry, type SequencedOp } from '@ringkeep/dht-node/core';

export class Names {
  private readonly nodes = new Map<NodeId, string>();

  set(id: NodeId, name: string): void {
    this.nodes.set(id, name);
  }

  node(id: NodeId): string {
    return this.nodes.get(id) ?? point(id);
  }

  nodesOf(ids: Iterable<NodeId>): string {
    return [...ids].map((id) => this.node(id)).join(' ');
  }

  config(arc: ArcConfig): string {
    const how = arc.handover ? ' handover' : '';
    const { epoch, term, seq } = arc;
    return `${range(arc)} e${epoch} t${term}${how} ${this.node(arc.primary)} of {${this.nodesOf(arc.inSync)}} seq ${seq}`;
  }
}

export function point(at: Position): string {
  return formatPosition(at).slice(0, 4);
}

export function range(arc: Arc): string {
  return `[${point(arc.start)},${point(arc.end)})`;
}

export function op(item: SequencedOp): string {
  if (!item) return '·';
  if (isGroup(item)) return `(${item.group.map(op).join(' ')})`;
  const key = item.key.slice(8);
  return item.value === undefined ? `${key}:−` : `${key}:${valueIn(item.value)}`;
}

/** An entry with all that replicas must agree on. */
export function wholeEntry({ key, value }: Entry): string {
  return `${op({ key, value })}@${value === undefined ? 0 : headOf(value).version}`;
}

export function valueText(value: Bytes | undefined): string {
  return value ?? 'none';
}
