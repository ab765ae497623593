import type { Logger } from '@ringkeep/process/running';
import { Joining } from '../../src/joining';
import { eventually } from './node-peer';

function recorded(): { said: string[]; log: Logger } {
  const said: string[] = [];
  const note = (text: string, facts?: object): void => void said.push(`${text} ${JSON.stringify(facts)}`);
  const log: Logger = { error: note, warn: note, info: note, debug: note, child: () => log };
  return { said, log };
}

const registryAddress = 'http://127.0.0.1:1';

describe('a node that joins', () => {
  test('gives up when it has not been registered in time, with the last reason', async () => {
    const { said, log } = recorded();
    const joining = new Joining({ registryAddress, timeoutMs: 20 }, log, () => 'nothing');
    joining.registryIsSilent('connection refused');
    await expect(joining.done).rejects.toThrow(
      `gave up after 20 ms: the registry at ${registryAddress} does not answer (connection refused)`,
    );
    expect(said).toEqual([`waiting for the registry {"address":"${registryAddress}"}`]);
  });

  test('never gives up once it is registered, and says what it waits for', async () => {
    const { said, log } = recorded();
    const joining = new Joining(
      { registryAddress, timeoutMs: 1, patienceMs: 20 },
      log,
      () => 'its part of the ring',
    );
    joining.registered = true;
    await eventually('it says so', () => said.length > 0);
    expect(said).toEqual(['has its place, and waits {"for":"its part of the ring"}']);
    joining.succeed();
    joining.fail(new Error('too late'));
    await joining.done;
  });

  test('that is stopped meanwhile fails with that', async () => {
    const { said, log } = recorded();
    const joining = new Joining({ registryAddress, timeoutMs: 10_000 }, log, () => 'nothing');
    joining.fail(new Error('stopped'));
    await expect(joining.done).rejects.toThrow('stopped');
    expect(said).toEqual([]);
  });
});
