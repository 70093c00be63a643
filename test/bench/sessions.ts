import { setTimeout as delay } from 'node:timers/promises';
import type { SessionView } from '../../src/contract/sessions.ts';
import { startEdgeNginx } from '../support/edge-nginx.ts';
import { BrowserPlayers } from '../support/players/browser-players.ts';
import { until } from '../support/until.ts';
import type { Report } from './report.ts';
import { startWatchedBroadcast, type WatchedBroadcast } from './sessions-broadcast.ts';
import { differencesOf, networkOf } from './sessions-compare.ts';
import { CountCheck } from './sessions-count.ts';
import type { LedgerEntry } from './sessions-ledger.ts';
import { sessionScripts, type Telling } from './sessions-script.ts';
import { ScriptedViewer } from './sessions-viewer.ts';

export interface SessionsOptions {
  readonly sessions: number;
  /** A real nginx with the configuration that is shipped stands in front, and keeps what it may. */
  readonly isBehindNginx: boolean;
}

/** Behind a cache only those that speak themselves can be counted: what they ask for is mostly answered by the cache. */
const heardBehindCache: readonly Telling[] = ['reports', 'events'];
/** A session that nothing was heard of for longer is over; and what it takes until that is noticed and kept. */
const silenceMs = 30_000;
const graceMs = 15_000;
const countEveryMs = 1000;

/** Scripted viewers with real players, each with an account of its own, and what the server says of them. Resolves with how many differ. */
export async function benchSessions(options: SessionsOptions, report: Report, signal: AbortSignal): Promise<number> {
  const { isBehindNginx } = options;
  const env: Record<string, string> = isBehindNginx ? { STREAMCTL_HTTP_TRUSTED_PROXIES: '[127.0.0.1/32]' } : {};
  const broadcast = await startWatchedBroadcast(env);
  const edge = isBehindNginx ? await startEdgeNginx(broadcast.server.httpUrl) : undefined;
  const players = await BrowserPlayers.launch();
  const viewers: ScriptedViewer[] = [];
  try {
    const target = edge?.url ?? broadcast.server.httpUrl;
    const counting = new AbortController();
    const count = new CountCheck(viewers, countedBehind(isBehindNginx));
    const counted = countOn(broadcast, count, AbortSignal.any([signal, counting.signal]));
    let number = 0;
    for (const [index, scripts] of sessionScripts(options.sessions).entries()) {
      const wave: ScriptedViewer[] = [];
      for (const script of scripts) {
        number++;
        wave.push(await ScriptedViewer.of(number, script, `127.0.${number}.1`, target));
      }
      viewers.push(...wave);
      await Promise.all(wave.map((viewer) => viewer.run(players, signal)));
      report.progress(`wave ${index + 1}: ${wave.length} viewers have come and gone`);
    }
    const isOver = async () => (await broadcast.sessions()).every(({ ended_at }) => ended_at !== null);
    await until('all sessions are over', isOver, silenceMs + graceMs).catch(() => undefined);
    counting.abort();
    await counted;
    return tell(viewers, await broadcast.sessions(), options, count, report);
  } finally {
    await Promise.all(viewers.map((viewer) => viewer.close()));
    await players.close();
    await edge?.stop();
    await broadcast.stop();
  }
}

function countedBehind(isBehindNginx: boolean): (telling: Telling) => boolean {
  return (telling) => !isBehindNginx || heardBehindCache.includes(telling);
}

async function countOn(broadcast: WatchedBroadcast, count: CountCheck, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const fromMs = Date.now();
    const [sessions, watching] = [await broadcast.sessions(), await broadcast.watching()];
    count.look(fromMs, Date.now(), sessions, watching);
    await delay(countEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

function tell(
  viewers: readonly ScriptedViewer[],
  sessions: readonly SessionView[],
  { isBehindNginx }: SessionsOptions,
  count: CountCheck,
  report: Report,
): number {
  const isCounted = countedBehind(isBehindNginx);
  const entries = viewers.flatMap(({ entry }) => entry ?? []);
  const rows: (string | number)[][] = [columns];
  const unclaimed = new Set(sessions);
  let wrong = 0;
  for (const { entry, log } of viewers) {
    if (entry === undefined) continue;
    const found = [...unclaimed]
      .filter(({ network }) => network === networkOf(entry.address))
      .sort(
        (a, b) =>
          Math.abs(Date.parse(a.started_at) - entry.wishedAtMs) - Math.abs(Date.parse(b.started_at) - entry.wishedAtMs),
      );
    const [session] = found;
    if (session !== undefined) unclaimed.delete(session);
    const differences = session === undefined ? ['no session'] : differencesOf(entry, session, isBehindNginx);
    const isRight = differences.length === 0 || !isCounted(entry.telling);
    if (!isRight) wrong++;
    const verdict = isCounted(entry.telling) ? differences.join('; ') : `(not to be seen: ${differences.join('; ')})`;
    report.line({ ledger: entry, server: session ?? null, differences, is_counted: isCounted(entry.telling), log });
    rows.push(rowOf(entry, session, verdict));
  }
  report.table(rows);
  const surplus = [...unclaimed].filter(({ network }) => {
    const owner = entries.find(({ address }) => networkOf(address) === network);
    return owner === undefined || isCounted(owner.telling);
  });
  for (const session of surplus) report.line({ surplus: session });
  const hidden = unclaimed.size - surplus.length;
  const { looks, misses } = count;
  report.line({ sessions: sessions.length, scripts: entries.length, surplus: surplus.length, hidden, looks, misses });
  report.progress(
    `${sessions.length} sessions for ${entries.length} scripts, ${surplus.length} too many; ${wrong} told wrongly; ` +
      `the number of viewers was looked at ${looks} times and wrong ${misses.length} times`,
  );
  for (const miss of misses.slice(0, 10)) report.progress(miss);
  return wrong + surplus.length + misses.length;
}

const columns = [
  ...['viewer', 'left', 'start ms', 'server', 'by', 'stalls', 'server', 'stalled ms', 'server', 'qualities', 'server'],
  'differs',
];

function rowOf(entry: LedgerEntry, session: SessionView | undefined, verdict: string): (string | number)[] {
  const { standstillsMs, qualities, startupMs } = entry;
  const initials = (names: readonly { readonly rendition: string }[]) =>
    names.map(({ rendition }) => rendition).join(' ');
  const stood = standstillsMs.filter((ms) => ms >= 350);
  return [
    `${entry.number} ${entry.player} ${entry.telling}`,
    entry.leaving,
    startupMs === undefined ? '-' : Math.round(startupMs),
    session?.startup_ms ?? '-',
    session?.startup_source ?? '-',
    stood.length === standstillsMs.length ? stood.length : `${stood.length}+${standstillsMs.length - stood.length}`,
    session?.stalls ?? '-',
    Math.round(standstillsMs.reduce((sum, ms) => sum + ms, 0)),
    session?.stall_ms ?? '-',
    initials(qualities) || '-',
    initials(session?.qualities ?? []) || '-',
    verdict,
  ];
}
