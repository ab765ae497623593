/** What a registry counts of its facts, and what can be asked of it at any time. */

import { Instruments, type Meter } from '@ringkeep/process/meter';
import type { RegistryHost } from '../host';
import type { RegistryObserver } from './registry-observer';

export function registryMeter(meter: Meter): RegistryObserver {
  const of = new Instruments(meter);
  const facts = of.counter('registry_facts', ['fact'], 'What the registry decided and met.');
  const seconds = of.seconds('registry_question', ['question', 'outcome'], 'From a question to its answer.');
  const saves = of.seconds('registry_save', ['outcome'], 'Making a state of the ring durable.');
  const refused = of.counter('registry_callers_refused', [], 'Callers and calls refused unread.');
  return {
    fact: ({ what }) => facts.add(1, what.replace(/ /g, '_')),
    answered: ({ question, outcome, durationMs }) => seconds.record(durationMs / 1_000, 1, question, outcome),
    saved: ({ durationMs, kept }) => saves.record(durationMs / 1_000, 1, kept ? 'kept' : 'no_room'),
    callerRefused: () => refused.add(1),
  };
}

const MEMBER_STATES = ['active', 'leaving', 'dead'] as const;

/** @returns what takes them back */
export function addRegistryGauges(meter: Meter, host: RegistryHost): () => void {
  const of = new Instruments(meter);
  const plain = (name: string, help: string, read: () => number): (() => void) =>
    of.gauge(name, [], help, () => [{ value: read(), labels: [] }]);
  const added = [
    plain('registry_ring_version', 'The ring as it is on the disk.', () => host.ring.version),
    plain('registry_arcs', 'Arcs of that ring.', () => host.ring.arcs.length),
    plain('registry_takes_changes', '1 while the disk has room.', () =>
      Number(host.roomLacking === undefined),
    ),
    plain('registry_watchers', 'Watches of the ring that are open.', () => host.watchers),
    of.gauge('registry_members', ['state'], 'Members of the ring.', () =>
      MEMBER_STATES.map((state) => ({
        value: host.ring.members.filter((member) => member.state === state).length,
        labels: [state] as const,
      })),
    ),
  ];
  return () => {
    for (const takeBack of added) takeBack();
  };
}
