import type { SessionView } from '../../src/contract/sessions.ts';
import type { LedgerEntry } from './sessions-ledger.ts';
import type { SessionPlayer, Telling } from './sessions-script.ts';

/** How exact a server has to be. */
const startupToleranceMs = 100;
/** Version 1 tells nothing of a start: it is reckoned from what is asked for, and said to be an estimate. */
const estimateToleranceMs = 300;
const stallRatio = 0.1;
/** Version 1 tells no lengths of stalls either. */
const estimatedStallRatio = 0.2;
const shortestStallToleranceMs = 100;
/** Stalls between the two may be counted or not: nobody can say whether a viewer has noticed. */
const certainStallMs = 350;
const possibleStallMs = 60;
const segmentMs = 2000;
/** From a goodbye to where it is heard, and from the last thing that a silent player asked for to its end. */
const goodbyeToleranceMs = 500;
const silentToleranceMs = 4000;
const reportEveryMs = 10_000;

/** The compiled shaka 5.2.12 leaves `sta` out of its events: what tells of stalls and buffers are its requests, where they are seen. */
function isMute({ player }: LedgerEntry, isBehindCache: boolean): boolean {
  return isBehindCache && isShaka(player);
}

function isShaka(player: SessionPlayer): boolean {
  return player === 'shaka-hls' || player === 'shaka-dash';
}

const names: Readonly<Record<SessionPlayer, RegExp>> = {
  'watch-page': /^hls\.js \d/,
  'hls.js': /^Chrome$/,
  'shaka-hls': /^Chrome$/,
  'shaka-dash': /^Chrome$/,
  'dash.js': /^Chrome$/,
  native: /^Chrome$/,
};
const sources: Readonly<Record<Telling, readonly (string | null)[]>> = {
  reports: ['beacon'],
  events: ['cmcd2', 'msd'],
  queries: ['est', 'msd', null],
  headers: ['est', 'msd', null],
  nothing: [null],
};

/** What of a session a server has wrong, in words; empty: nothing. */
export function differencesOf(ledger: LedgerEntry, session: SessionView, isBehindCache: boolean): string[] {
  return [
    ...ofStartup(ledger, session),
    ...ofStalls(ledger, session, isBehindCache),
    ...ofQualities(ledger, session, isBehindCache),
    ...ofIdentity(ledger, session),
    ...ofEnd(ledger, session, isBehindCache),
  ];
}

function ofStartup({ telling, startupMs }: LedgerEntry, { startup_ms, startup_source }: SessionView): string[] {
  if (!sources[telling].includes(startup_source)) return [`start-up by ${startup_source}`];
  if (startup_ms === null) return [];
  if (startupMs === undefined) return [`start-up of ${startup_ms} ms of what never began`];
  const error = Math.round(startup_ms - startupMs);
  // An estimate may be much too long, where a player has plenty of time before it asks for more.
  const isRight = startup_source === 'est' ? error > -estimateToleranceMs : Math.abs(error) <= startupToleranceMs;
  return isRight ? [] : [`start-up ${signed(error)} ms`];
}

function ofStalls(ledger: LedgerEntry, { stalls, stall_ms }: SessionView, isBehindCache: boolean): string[] {
  const { telling, standstillsMs, waits } = ledger;
  if (telling === 'nothing') return stalls === null ? [] : [`${stalls} stalls of whom nothing is known`];
  if (isMute(ledger, isBehindCache)) return [];
  if (stalls === null || stall_ms === null) return ['no word of stalls'];
  const found: string[] = [];
  const least = standstillsMs.filter((ms) => ms >= certainStallMs).length;
  const most = Math.max(waits, standstillsMs.filter((ms) => ms >= possibleStallMs).length);
  if (stalls < least || stalls > most)
    found.push(`${stalls} stalls for ${least === most ? least : `${least}-${most}`}`);
  const mostMs = sumOf(standstillsMs);
  const leastMs = sumOf(standstillsMs.filter((ms) => ms >= certainStallMs));
  const error = Math.round(stall_ms > mostMs ? stall_ms - mostMs : Math.min(0, stall_ms - leastMs));
  const isEstimated = telling === 'queries' || telling === 'headers' || isShaka(ledger.player);
  const ratio = isEstimated ? estimatedStallRatio : stallRatio;
  if (Math.abs(error) > Math.max(shortestStallToleranceMs * Math.max(1, stalls), ratio * mostMs))
    found.push(`stalled ${signed(error)} ms`);
  return found;
}

function ofQualities(ledger: LedgerEntry, { qualities }: SessionView, isBehindCache: boolean): string[] {
  const { qualities: all, telling, leftAtMs } = ledger;
  // Of these it is known when they asked, and not what they still had to show.
  const isUndated = telling === 'nothing' || isMute(ledger, isBehindCache);
  // What a player asks for last is never seen.
  const told = qualities.filter(({ at }, index) => index === 0 || Date.parse(at) < leftAtMs);
  if (told.length > all.length && isUndated) told.pop();
  // Dated as exactly as all others, the last one may come on screen when the viewer has left.
  const isLastInDoubt = all.length > 1 && all.at(-1)!.atMs > leftAtMs - segmentMs;
  const seen = isLastInDoubt && told.length === all.length - 1 ? all.slice(0, -1) : all;
  const sequence = seen.map(({ rendition }) => rendition).join(' ');
  const toldSequence = told.map(({ rendition }) => rendition).join(' ');
  if (toldSequence !== sequence) return [`qualities ${toldSequence || 'none'} for ${sequence || 'none'}`];
  if (isUndated) return [];
  return told.flatMap(({ at, rendition }, index) => {
    const error = Date.parse(at) - seen[index]!.atMs;
    return Math.abs(error) <= segmentMs ? [] : [`${rendition} ${signed(Math.round(error))} ms`];
  });
}

function ofIdentity({ player, address }: LedgerEntry, { player: name, network, format }: SessionView): string[] {
  const found: string[] = [];
  if (!names[player].test(name)) found.push(`player ${name}`);
  if (network !== networkOf(address)) found.push(`network ${network}`);
  const protocol = player === 'shaka-dash' || player === 'dash.js' ? 'dash' : 'hls';
  if (format !== protocol) found.push(`format ${format}`);
  return found;
}

function ofEnd(
  { leaving, telling, leftAtMs, goneAtMs }: LedgerEntry,
  { ended_at }: SessionView,
  isBehindCache: boolean,
): string[] {
  if (ended_at === null) return ['goes on'];
  const endedAtMs = Date.parse(ended_at);
  const error = Math.round(endedAtMs > goneAtMs ? endedAtMs - goneAtMs : Math.min(0, endedAtMs - leftAtMs));
  const isTold = telling === 'reports' && (leaving === 'closed' || leaving === 'navigated');
  // What is silent ends with the last thing it asked for, or told.
  const quietMs = isBehindCache && telling === 'reports' ? reportEveryMs : silentToleranceMs;
  const isRight = isTold ? Math.abs(error) <= goodbyeToleranceMs : error <= goodbyeToleranceMs && error > -quietMs;
  return isRight ? [] : [`end ${signed(error)} ms`];
}

/** As the server keeps it. */
export function networkOf(address: string): string {
  return `${address.split('.').slice(0, 3).join('.')}.0/24`;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function signed(value: number): string {
  return value > 0 ? `+${value}` : String(value);
}
