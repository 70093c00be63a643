import { readQualityLog } from '../cmcd/quality-log.ts';
import type { CmcdReport, PlayerState } from '../cmcd/report.ts';
import { PictureSigns, PostedState } from './player-state.ts';
import { switchReason } from './quality-switches.ts';
import { type PlayCourse, StateLog, visibleStallMs } from './state-log.ts';
import type { ViewerSession } from './viewer-session.ts';

/** What can be a start-up; dash.js up to 5.2.1 has sent 1, 3 and 46 ms. */
const shortestStartupMs = 50;
const longestStartupMs = 60_000;
/** What is sent while it is made takes so long, and is shown meanwhile. */
const longestSegmentMs = 2000;
const endStates: ReadonlySet<PlayerState> = new Set(['ended', 'quit', 'fatal-error']);
/** What of the media of a rendition has its name in it; sound has a name that begins so. */
const segmentForm = /\/(hls|dash)\/[\w-]{1,64}\/(?!audio)([a-z0-9]{1,32})\/segment-/;
/** What is shorter may be the player's rounding. */
const noticedStallMs = 400;
/** Starved requests within this time, of sound and picture, are one stall. */
const sameStallMs = 1000;
/** Who has so much to show does not starve: dash.js goes on saying so for some requests. */
const wellFilledMs = 4000;
/** So long after its first media a player is settled: until then its distance to live grows because it has not begun. */
const settlingMs = 3000;
/** Players who are closer to live than they want to be play slower by up to this. */
const slowestPlayRatio = 0.05;

/**
 * Takes in what a player posted: an event. `timeMs` is the wall clock here; `seesRequests`: what it asks for is asked here, of no cache in
 * between. When the session ended, by the clock here, if it says that it has.
 */
export function takeEvent(
  session: ViewerSession,
  report: CmcdReport,
  timeMs: number,
  seesRequests: boolean,
): number | undefined {
  const playerTimeMs = report.timeMs ?? timeMs;
  session.posted ??= new PostedState();
  const { posted } = session;
  posted.firstEventMs ??= playerTimeMs;
  // What took the least time on its way tells best how the clocks differ.
  posted.clockBehindMs = Math.min(posted.clockBehindMs, timeMs - playerTimeMs);
  takeFigures(session, report);
  takePageTotals(session, posted, report, timeMs);
  if (report.event === 'e' && report.errorCount === undefined) session.errors++;
  if (report.event === 'rr' && (report.responseStatus ?? 0) >= 400 && !session.hasRequests) session.errors++;
  if (report.event === 'rr' && !seesRequests) takeResponse(session, posted, report, playerTimeMs);
  // Of a response it tells when that was asked for, and the state of when it came.
  const tellsState = report.event !== 'rr' && !posted.hasPageTotals;
  if (report.state !== undefined && tellsState) takeState(session, posted, report.state, playerTimeMs, timeMs);
  if (report.state === undefined || !endStates.has(report.state)) return undefined;
  return Math.min(timeMs, playerTimeMs + posted.clockBehindMs);
}

/** Takes in the CMCD of a request; `ageMs`: how long ago that was live what was asked for. */
export function takeRequest(
  session: ViewerSession,
  report: CmcdReport,
  timeMs: number,
  ageMs: number | undefined,
): void {
  takeFigures(session, report);
  if (session.picture === undefined && !tellsOfPicture(report)) return;
  session.picture ??= new PictureSigns(session.hasPlayed);
  const { picture } = session;
  if (report.isUrgent === true || report.objectType === 'm') picture.firstRequestMs ??= timeMs;
  // The first request that the picture does not wait for: it has begun by then.
  const isPlaying = report.isUrgent !== true && report.objectType !== 'm' && report.objectType !== 'i';
  if (isPlaying && picture.firstRequestMs !== undefined && !picture.hasBegun) {
    if (isPlausibleStartup(timeMs - picture.firstRequestMs)) session.started(timeMs - picture.firstRequestMs, 'est');
    picture.hasBegun = true;
  }
  const distanceMs = distanceOf(report, ageMs);
  if (picture.hasBegun && !session.hasStates && !session.hasPageTotals) {
    takeStarvation(session, picture, report, timeMs);
    endStarvation(session, picture, report, timeMs, distanceMs);
  }
  if (distanceMs === undefined || session.hasPageTotals) return;
  session.measuredLatency(distanceMs);
  if (report.latencyMs !== undefined) takeGrowth(session, picture, distanceMs, timeMs);
  if (picture.isStarving || (report.latencyMs === undefined && maySayWhy(picture, distanceMs, timeMs))) return;
  picture.distanceMs = distanceMs;
  if (isOfPicture(report)) picture.filledUntilMs = timeMs + (report.bufferMs ?? 0);
}

/** Version 1 of dash.js asks first when its network is back, and says with the next request that it has starved. */
function maySayWhy(picture: PictureSigns, distanceMs: number, timeMs: number): boolean {
  const isFarther = distanceMs - (picture.distanceMs ?? distanceMs) >= longestSegmentMs;
  picture.fartherSinceMs = isFarther ? (picture.fartherSinceMs ?? timeMs) : undefined;
  return picture.fartherSinceMs !== undefined && timeMs - picture.fartherSinceMs < sameStallMs;
}

function tellsOfPicture({ isUrgent, isStarved, objectType, bufferMs, latencyMs }: CmcdReport): boolean {
  const isInTrouble = isUrgent === true || isStarved === true;
  return isInTrouble || objectType !== undefined || bufferMs !== undefined || latencyMs !== undefined;
}

/** From live to the picture on screen. */
function distanceOf(report: CmcdReport, ageMs: number | undefined): number | undefined {
  if (report.latencyMs !== undefined) return report.latencyMs;
  const { bufferMs, objectType } = report;
  return ageMs === undefined || bufferMs === undefined || objectType === 'a' ? undefined : ageMs + bufferMs;
}

/** Whose requests are answered by a cache tells by its events what it was answered. */
function takeResponse(session: ViewerSession, posted: PostedState, report: CmcdReport, playerTimeMs: number): void {
  const [, protocol, rendition] = segmentForm.exec(report.url ?? '') ?? [];
  session.format ??= protocol as 'hls' | 'dash' | undefined;
  if (rendition === undefined || (report.responseStatus ?? 0) >= 400 || session.hasPageTotals) return;
  // What was seen of it from here before was what the cache did not have.
  if (!posted.hasResponses) session.quality = undefined;
  posted.hasResponses = true;
  const askedAtMs = playerTimeMs + posted.clockBehindMs;
  // Its buffer is that of when the answer came. It was not on screen much before it was there.
  const afterMs = Math.max(report.deadlineMs ?? report.bufferMs ?? 0, (report.lastByteMs ?? 0) - longestSegmentMs);
  session.showed(rendition, askedAtMs + afterMs, switchReason(session));
}

function takeFigures(session: ViewerSession, report: CmcdReport): void {
  if (report.throughputKbps !== undefined) session.knowsThroughput = true;
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

/** Of who tells no states. Version 1 has no durations, and shaka says only that it is in a hurry. */
function takeStarvation(session: ViewerSession, picture: PictureSigns, report: CmcdReport, timeMs: number): void {
  const isHurried = report.isUrgent === true && isOfPicture(report) && !picture.isStarving;
  if (isWellFilled(report) || (report.isStarved !== true && !isHurried)) return;
  if (timeMs - picture.lastStarvedMs >= sameStallMs) {
    session.stalls++;
    picture.isDoubted = report.starvedMs === undefined;
  }
  picture.lastStarvedMs = timeMs;
  if (report.starvedMs !== undefined) {
    session.stalledMs += report.starvedMs;
    picture.distanceMs = undefined;
  }
  picture.isStarving = true;
}

/** While the picture stands live goes on: when it moves again it is further behind by as much as it has stood. */
function endStarvation(
  session: ViewerSession,
  picture: PictureSigns,
  report: CmcdReport,
  timeMs: number,
  distanceMs: number | undefined,
): void {
  if (!picture.isStarving || !isOfPicture(report)) return;
  // A player that goes on nearer to live has skipped what it could not show: how far it had fallen behind says how long it stood.
  if (distanceMs !== undefined) picture.starvedDistanceMs = Math.max(picture.starvedDistanceMs, distanceMs);
  if (!isWellFilled(report) && (report.isUrgent === true || report.isStarved === true)) return;
  picture.isStarving = false;
  if (distanceMs !== undefined && picture.distanceMs !== undefined) {
    const behindSinceMs = timeMs - (picture.starvedDistanceMs - picture.distanceMs);
    // By its age, what is asked for again because it was shown half seems further behind than it is.
    const sinceMs = report.latencyMs === undefined ? Math.max(behindSinceMs, picture.filledUntilMs) : behindSinceMs;
    if (timeMs - sinceMs >= visibleStallMs) session.stood(sinceMs, timeMs);
    else if (picture.isDoubted) session.stalls--;
    picture.distanceMs = undefined;
  }
  picture.isDoubted = false;
  picture.starvedDistanceMs = 0;
}

/** Who measures how far behind live it is, and tells no states: it asks for nothing while it waits for what is on its way. */
function takeGrowth(session: ViewerSession, picture: PictureSigns, distanceMs: number, timeMs: number): void {
  const { distanceMs: beforeMs = distanceMs } = picture;
  const { firstMediaMs = timeMs, lastMediaMs = timeMs } = session;
  if (session.hasStates || picture.isStarving || timeMs < firstMediaMs + settlingMs) return;
  const stoodMs = distanceMs - beforeMs - (timeMs - lastMediaMs) * slowestPlayRatio;
  if (stoodMs < noticedStallMs) return;
  session.stalls++;
  picture.lastStarvedMs = timeMs;
  session.stood(timeMs - stoodMs, timeMs);
}

function isWellFilled({ bufferMs = 0 }: CmcdReport): boolean {
  return bufferMs >= wellFilledMs;
}

function isOfPicture({ objectType }: CmcdReport): boolean {
  return objectType === 'v' || objectType === 'av';
}

function takeState(
  session: ViewerSession,
  posted: PostedState,
  state: PlayerState,
  playerTimeMs: number,
  timeMs: number,
): void {
  // Who tells only that it leaves has told of nothing before.
  if (posted.states === undefined && endStates.has(state)) return;
  // After a restart of the server: what it has watched since then was seen by what it asked for.
  if (posted.states === undefined && session.hasPlayed) session.watchedMs = session.watchMs;
  posted.states ??= new StateLog(session.hasPlayed);
  const { course: before } = posted.states;
  posted.states.take(state, playerTimeMs);
  takeCourse(session, before, posted.states.course, posted.clockBehindMs);
  if (state !== 'playing' || session.hasPlayed) return;
  session.hasPlayed = true;
  // dash.js tells nothing before it plays, but has asked for something.
  const isFirstEvent = playerTimeMs === posted.firstEventMs;
  const startupMs = isFirstEvent ? timeMs - session.startedAtMs : playerTimeMs - posted.firstEventMs!;
  if (isPlausibleStartup(startupMs)) session.started(startupMs, 'cmcd2');
}

function takeCourse(session: ViewerSession, before: PlayCourse, now: PlayCourse, clockBehindMs: number): void {
  session.watchedMs += now.watchedMs - before.watchedMs;
  session.stalls += now.stalls - before.stalls;
  session.stalledMs += now.stalledMs - before.stalledMs;
  const { lastStall } = now;
  if (lastStall === undefined || lastStall === before.lastStall) return;
  session.movedAgain(lastStall.fromMs + clockBehindMs, lastStall.toMs + clockBehindMs);
}

/** Totals of the watch page: what it says last holds, whatever was lost in between. */
function takePageTotals(session: ViewerSession, posted: PostedState, report: CmcdReport, timeMs: number): void {
  if (report.playerName !== undefined) posted.playerName = report.playerName;
  if (report.pageStartupMs !== undefined) {
    session.started(report.pageStartupMs, 'beacon');
    session.hasPlayed = true;
  }
  if (report.totalFrames !== undefined) posted.totalFrames = report.totalFrames;
  if (report.droppedFrames !== undefined) posted.droppedFrames = report.droppedFrames;
  if (report.errorCount !== undefined) session.errors = Math.max(session.errors, report.errorCount);
  if (report.latencyMs !== undefined) session.measuredLatency(report.latencyMs);
  if (report.watchedMs === undefined) return;
  if (!posted.hasPageTotals) session.quality = undefined;
  posted.hasPageTotals = true;
  posted.states = undefined;
  const { timeMs: toldAtMs = timeMs } = report;
  if (posted.totalsAtMs === undefined || toldAtMs >= posted.totalsAtMs) {
    posted.totalsAtMs = toldAtMs;
    posted.totalsState = report.state;
  }
  session.watchedMs = Math.max(session.watchedMs, report.watchedMs);
  session.stalls = Math.max(session.stalls, report.stallCount ?? 0);
  session.stalledMs = Math.max(session.stalledMs, report.stalledMs ?? 0);
  if (report.qualities === undefined) return;
  // Told by how long ago they were, when it was written: it may have waited for the network.
  const writtenAtMs = report.timeMs === undefined ? timeMs : report.timeMs + posted.clockBehindMs;
  for (const { index, agoMs, rendition, reason } of readQualityLog(report.qualities)) {
    if (index < posted.qualityCount) continue;
    posted.qualityCount = index + 1;
    session.showed(rendition, writtenAtMs - agoMs, reason);
  }
}
