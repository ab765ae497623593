/** The ring as this node knows it. */

import { formatPosition } from '@ringkeep/shared';
import { json, type Answer } from '../answer';
import type { Asked, Route } from './asked';

export const ringRoute: Route = {
  method: 'GET',
  path: '/v1/ring',
  id: 'getRing',
  summary: 'The ring as this node knows it: its members, its arcs and who has them, its parameters',
  query: {},
  headers: {},
  brings: { kind: 'none' },
  answers: { 200: { text: 'The ring. Positions and ids are sixteen hexadecimal digits.', schema: 'Ring' } },
  handle: ring,
};

function ring({ host: { core } }: Asked): Answer {
  const { clusterId, version, members, arcs, parameters } = core.view.ring;
  return json(200, {
    node: formatPosition(core.self),
    clusterId,
    version,
    members: members.map(({ id, addr, state }) => ({ id: formatPosition(id), address: addr, state })),
    arcs: arcs.map(({ start, end, epoch, primary, inSync }) => ({
      start: formatPosition(start),
      end: formatPosition(end),
      epoch,
      primary: formatPosition(primary),
      inSync: inSync.map(formatPosition),
    })),
    parameters,
  });
}
