import { readQualityLog } from '../cmcd/quality-log.ts';
import type { CmcdReport, PlayerState } from '../cmcd/report.ts';
import type { ViewerSession } from './viewer-session.ts';

/** What can be a start-up; dash.js up to 5.2.1 has sent 1, 3 and 46 ms. */
const shortestStartupMs = 50;
const longestStartupMs = 60_000;
const endStates: ReadonlySet<PlayerState> = new Set(['ended', 'quit', 'fatal-error']);
/** Starved requests within this time, of sound and picture, are one stall. */
const sameStallMs = 1000;

/** Takes in what a player posted: an event. `timeMs` is the wall clock here. Whether it says that the session is over. */
export function takeEvent(session: ViewerSession, report: CmcdReport, timeMs: number): boolean {
  const playerTimeMs = report.timeMs ?? timeMs;
  session.firstEventMs ??= playerTimeMs;
  takeFigures(session, report);
  takePageTotals(session, report, timeMs);
  if (report.event === 'e') session.errors++;
  if (report.event === 'rr' && (report.responseStatus ?? 0) >= 400 && !session.hasRequests) session.errors++;
  if (report.state !== undefined) takeState(session, report.state, playerTimeMs, timeMs);
  return report.state !== undefined && endStates.has(report.state);
}

/** Takes in the CMCD of a request; `ageMs`: how long ago that was live what was asked for. */
export function takeRequest(
  session: ViewerSession,
  report: CmcdReport,
  timeMs: number,
  ageMs: number | undefined,
): void {
  takeFigures(session, report);
  if (report.isUrgent === true || report.objectType === 'm') session.firstRequestMs ??= timeMs;
  // The first request that the picture does not wait for: it has begun by then.
  const isPlaying = report.isUrgent !== true && report.objectType !== 'm' && report.objectType !== 'i';
  if (isPlaying && session.firstRequestMs !== undefined && !session.hasPlayed) {
    if (isPlausibleStartup(timeMs - session.firstRequestMs)) session.started(timeMs - session.firstRequestMs, 'est');
    session.hasPlayed = true;
  }
  if (report.isStarved === true && session.hasPlayed) takeStarvation(session, report, timeMs);
  const isPicture = report.objectType !== 'a';
  if (report.latencyMs !== undefined) session.measuredLatency(report.latencyMs);
  else if (ageMs !== undefined && report.bufferMs !== undefined && isPicture && !session.hasPageTotals) {
    session.measuredLatency(ageMs + report.bufferMs);
  }
}

function takeFigures(session: ViewerSession, report: CmcdReport): void {
  if (report.throughputKbps !== undefined) session.throughputKbps = report.throughputKbps;
  if (report.format === 'h') session.format = 'hls';
  else if (report.format === 'd') session.format = 'dash';
  const { startupMs } = report;
  // A player that is still starting cannot know how long that takes; dash.js says so nevertheless.
  if (startupMs === undefined || report.state === 'starting' || !isPlausibleStartup(startupMs)) return;
  session.started(startupMs, 'msd');
}

function isPlausibleStartup(startupMs: number): boolean {
  return startupMs >= shortestStartupMs && startupMs <= longestStartupMs;
}

/** Version 1 has no durations, so it gives a count; who tells of states has counted already. */
function takeStarvation(session: ViewerSession, report: CmcdReport, timeMs: number): void {
  if (session.hasStates || session.hasPageTotals) return;
  if (timeMs - session.lastStarvedMs >= sameStallMs) session.stalls++;
  session.lastStarvedMs = timeMs;
  session.stalledMs += report.starvedMs ?? 0;
}

function takeState(session: ViewerSession, state: PlayerState, playerTimeMs: number, timeMs: number): void {
  const isOld = playerTimeMs < session.lastStateMs;
  if (isOld || state === session.state) return;
  const sinceMs = session.state === undefined ? 0 : playerTimeMs - session.lastStateMs;
  // Who tells only that it leaves has told of nothing before.
  if (!endStates.has(state)) session.hasStates = true;
  if (!session.hasPageTotals) {
    if (session.state === 'playing') session.watchedMs += sinceMs;
    endOrBeginStall(session, state, playerTimeMs);
  }
  session.lastStateMs = playerTimeMs;
  session.stateTimeMs = timeMs;
  session.state = state;
  if (state !== 'playing' || session.hasPlayed) return;
  session.hasPlayed = true;
  session.started(playerTimeMs - session.firstEventMs!, 'cmcd2');
}

/** A stall is from `rebuffering` after the first picture to the next one; shaka says `seeking` in between. */
function endOrBeginStall(session: ViewerSession, state: PlayerState, playerTimeMs: number): void {
  if (session.stalledSinceMs === undefined) {
    if (state !== 'rebuffering' || !session.hasPlayed) return;
    session.stalledSinceMs = playerTimeMs;
    session.stalls++;
  } else if (state !== 'seeking' && state !== 'waiting' && state !== 'rebuffering') {
    session.stalledMs += playerTimeMs - session.stalledSinceMs;
    session.stalledSinceMs = undefined;
  }
}

/** Totals of the watch page: what it says last holds, whatever was lost in between. */
function takePageTotals(session: ViewerSession, report: CmcdReport, timeMs: number): void {
  if (report.playerName !== undefined) session.player = report.playerName;
  if (report.pageStartupMs !== undefined) {
    session.started(report.pageStartupMs, 'beacon');
    session.hasPlayed = true;
  }
  if (report.totalFrames !== undefined) session.totalFrames = report.totalFrames;
  if (report.droppedFrames !== undefined) session.droppedFrames = report.droppedFrames;
  if (report.errorCount !== undefined) session.errors = Math.max(session.errors, report.errorCount);
  if (report.latencyMs !== undefined) session.measuredLatency(report.latencyMs);
  if (report.watchedMs === undefined) return;
  if (!session.hasPageTotals) session.qualities = [];
  session.hasPageTotals = true;
  session.watchedMs = Math.max(session.watchedMs, report.watchedMs);
  session.stalls = report.stallCount ?? session.stalls;
  session.stalledMs = report.stalledMs ?? session.stalledMs;
  if (report.qualities === undefined) return;
  // Told by how long ago they were: the clocks of viewers are their own.
  for (const { index, agoMs, rendition, reason } of readQualityLog(report.qualities)) {
    if (index < session.qualityCount) continue;
    session.qualityCount = index + 1;
    session.showed(rendition, timeMs - agoMs, reason);
  }
}
