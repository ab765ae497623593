/**
 * The four schemes side by side: on the same small ring, whom one node knows, and the way of one look-up.
 *
 * Drawn from the library's own objects, so that the picture cannot say anything else than the code.
 */

import { position, type NodeId, type Random } from '@ringkeep/shared';
import { createScheme } from '../../create-scheme';
import { distanceBetween, randomCoordinates } from '../../proximity';
import { SCHEME_NAMES, type RoutingScheme, type SchemeName } from '../../scheme';
import { element, label, polyline, svgDocument } from '@ringkeep/shared/pictures';
import { COLOURS } from './colours';

const NODES = 48;
const PANEL = 300;
const RADIUS = 115;
const TITLES: Readonly<Record<SchemeName, string>> = {
  'one-hop': 'One hop: everyone',
  neighbours: 'Neighbours: both sides',
  chord: 'Chord: fingers at powers of two',
  pastry: 'Pastry: leaf set and prefix table',
};

export function schemePicture(random: Random): string {
  const gap = (1n << 64n) / BigInt(NODES);
  const ids = Array.from({ length: NODES }, (_, i) =>
    position(BigInt(i) * gap + (random.bits64() % (gap - 1n))),
  );
  const places = new Map(ids.map((id) => [id, randomCoordinates(random)]));
  const start = ids[2] as NodeId;
  const target = position((ids[NODES - 12] as bigint) + gap / 3n);
  const panels = SCHEME_NAMES.map((name, index) => {
    const ring = new Map(ids.map((id) => [id, schemeOf(name, id, ids, places)]));
    return element(
      'g',
      { transform: `translate(${index * PANEL} 0)` },
      panel(name, ids, ring, start, target),
    );
  });
  return svgDocument(PANEL * SCHEME_NAMES.length, PANEL + 40, panels);
}

/** Small structures: on a ring of this size the usual ones would know everyone. */
function schemeOf(
  name: SchemeName,
  self: NodeId,
  ids: readonly NodeId[],
  places: ReadonlyMap<NodeId, readonly number[]>,
): RoutingScheme {
  const here = places.get(self) as readonly number[];
  const peers = ids.map((id) => ({
    id,
    distance: distanceBetween(here, places.get(id) as readonly number[]) ?? 0,
  }));
  return createScheme(name, self, peers, {
    neighbours: { perSide: 1 },
    chord: { successors: 2 },
    pastry: { leafSetSize: 4, neighbourhoodSize: 0, digitBits: 2 },
  });
}

function panel(
  name: SchemeName,
  ids: readonly NodeId[],
  ring: ReadonlyMap<NodeId, RoutingScheme>,
  start: NodeId,
  target: bigint,
): string {
  const colour = COLOURS[name];
  const known = (ring.get(start) as RoutingScheme)
    .peers()
    .map((peer) => polyline([pointOf(start), pointOf(peer.id)], { stroke: '#bbb', 'stroke-width': 1 }));
  const way: NodeId[] = [start];
  for (;;) {
    const next = (ring.get(way.at(-1) as NodeId) as RoutingScheme).nextHop(position(target));
    if (next === undefined) break;
    way.push(next);
  }
  const dots = ids.map((id) => {
    const [cx, cy] = pointOf(id);
    return element('circle', {
      cx,
      cy,
      r: way.includes(id) ? 4.5 : 2.5,
      fill: way.includes(id) ? colour : '#555',
    });
  });
  const [tx, ty] = pointOf(target, RADIUS + 12);
  const hops = way.length - 1;
  return [
    element('circle', { cx: PANEL / 2, cy: PANEL / 2 + 10, r: RADIUS, fill: 'none', stroke: '#ddd' }),
    ...known,
    polyline(
      way.map((id) => pointOf(id)),
      { stroke: colour, 'stroke-width': 2.5, 'stroke-linejoin': 'round' },
    ),
    ...dots,
    label(tx, ty, '✕', { 'text-anchor': 'middle', 'dominant-baseline': 'central', fill: colour }),
    label(PANEL / 2, 20, TITLES[name], { 'text-anchor': 'middle', 'font-weight': 'bold' }),
    label(
      PANEL / 2,
      PANEL + 18,
      `knows ${known.length} of ${NODES - 1}, ${hops} ${hops === 1 ? 'hop' : 'hops'}`,
      {
        'text-anchor': 'middle',
      },
    ),
  ].join('\n');
}

/** Clockwise from the top. */
function pointOf(at: bigint, radius = RADIUS): readonly [number, number] {
  const angle = (Number(at) / 2 ** 64) * 2 * Math.PI;
  return [PANEL / 2 + radius * Math.sin(angle), PANEL / 2 + 10 - radius * Math.cos(angle)];
}
