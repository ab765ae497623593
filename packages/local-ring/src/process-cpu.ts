/** CPU time and memory of other processes, from Linux's /proc; undefined on other systems. */

import { readFileSync } from 'node:fs';

/** Linux reports CPU time to processes in hundredths of a second (USER_HZ), whatever the kernel's own tick. */
const MICROSECONDS_PER_TICK = 10_000;
/** Places in /proc/PID/stat behind the name in parentheses, from 0: utime and stime. */
const UTIME = 11;
const STIME = 12;

/** User and system time of all threads of these processes. */
export function cpuMicroseconds(pids: readonly number[]): number | undefined {
  let ticks = 0;
  for (const pid of pids) {
    const stat = readProc(pid, 'stat');
    if (stat === undefined) return undefined;
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[UTIME]) + Number(fields[STIME]);
  }
  return ticks * MICROSECONDS_PER_TICK;
}

/** Resident memory of a process. */
export function residentBytes(pid: number): number | undefined {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, 'status') ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

function readProc(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}
