/** What to try on a trial ring: commands as the user has to type them. */

import { DOORS, USUAL_BASE } from './doors';
import { CITY } from './cities';

/** How the user calls the other parts of the program. */
export interface CommandNames {
  readonly cli: string;
  readonly node: string;
}

export function nextCommands(names: CommandNames, basePort: number, withCities: boolean): string {
  const isUsual = basePort === USUAL_BASE;
  const cli = isUsual ? names.cli : `${names.cli} --node 127.0.0.1:${basePort + 1}`;
  const portOf = (door: string): number =>
    basePort + 1 + (DOORS.find(({ name }) => name === door)?.offset ?? 0);
  const registry = isUsual ? '' : ` --registry 127.0.0.1:${basePort}`;
  return [
    'The ring is up. Try, in another terminal:',
    `  ${cli} set greeting hello`,
    `  ${cli} get ${withCities ? CITY : 'greeting'}`,
    `  ${cli} ring`,
    `  ${names.node} ${basePort + 10}${registry}        # one more node`,
    `  ${cli} leave 127.0.0.1:${basePort + 10}`,
    `  redis-cli -p ${portOf('Redis')} GET greeting`,
    `  curl http://127.0.0.1:${portOf('HTTP')}/v1/keys/greeting`,
    `  grpcurl -plaintext -d '{"ty":"Get","key":"Z3JlZXRpbmc="}' 127.0.0.1:${basePort + 1} dht.DhtNode/QueryDHT`,
    'Ctrl-C stops everything; the data stays.',
  ].join('\n');
}
