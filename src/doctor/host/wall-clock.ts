import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Finding, finding, fine } from '../finding.ts';
import type { Host } from './host.ts';

export interface ClockFacts {
  /** Undefined: nobody here can tell. */
  readonly isSynchronised: boolean | undefined;
  /** Who keeps it, where one runs. */
  readonly keeper: string | undefined;
  /** How far wall time and elapsed time went apart while we looked, ms. */
  readonly stepMs: number;
  readonly wallMs: number;
}

const keepers = ['chronyd', 'ntpd', 'systemd-timesyn', 'ntpsec', 'openntpd'];
const watchMs = 300;
const stepFromMs = 20;
/** No clock that is right says less: the program is younger. */
const earliestMs = Date.UTC(2026, 0, 1);

/** Whether this machine's clock is kept, and whether it is set while we look. */
export async function checkClock({ signal }: Host): Promise<Finding[]> {
  const origin = Date.now() - performance.now();
  const isSynchronised = await askForSynchronisation(signal);
  await delay(watchMs, undefined, { signal });
  const stepMs = Math.round(Date.now() - performance.now() - origin);
  return [clockFinding({ isSynchronised, keeper: runningKeeper(), stepMs, wallMs: Date.now() })];
}

export function clockFinding({ isSynchronised, keeper, stepMs, wallMs }: ClockFacts): Finding {
  const figures = { step_ms: stepMs };
  if (wallMs < earliestMs) {
    const found = `The clock says ${new Date(wallMs).toISOString()}.`;
    return finding('clock-wrong', 'problem', { found, figures });
  }
  if (Math.abs(stepMs) >= stepFromMs) {
    const found = `The clock was set by ${stepMs} ms while it was looked at.`;
    return finding('clock-stepped', 'warning', { found, figures });
  }
  if (isSynchronised === true || (isSynchronised === undefined && keeper !== undefined)) {
    return fine('clock', `The clock is kept${keeper === undefined ? ' by NTP' : ` by ${keeper}`}.`, figures);
  }
  if (isSynchronised === undefined) {
    const found = 'Nothing here tells whether the clock is kept by NTP.';
    return finding('clock-unknown', 'note', { found, figures });
  }
  const found = 'The clock is not synchronised by NTP.';
  return finding('clock-not-kept', 'warning', { found, figures });
}

async function askForSynchronisation(signal: AbortSignal): Promise<boolean | undefined> {
  if (existsSync('/run/systemd/timesync/synchronized')) return true;
  try {
    const options = { timeout: 3000, signal, env: { PATH: process.env.PATH ?? '' } };
    const args = ['show', '--property=NTPSynchronized', '--value'];
    const { stdout } = await promisify(execFile)('timedatectl', args, options);
    const answer = stdout.trim();
    return answer === 'yes' ? true : answer === 'no' ? false : undefined;
  } catch {
    return undefined; // no systemd here
  }
}

function runningKeeper(): string | undefined {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const name = readFileSync(`/proc/${entry}/comm`, 'latin1').trim();
      if (keepers.includes(name)) return name === 'systemd-timesyn' ? 'systemd-timesyncd' : name;
    } catch {
      // it has ended
    }
  }
  return undefined;
}
