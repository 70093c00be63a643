/** Most bytes of an event body, and lines in it. What is beyond the lines is left out; a longer body is refused whole. */
export const maxBodyBytes = 64 * 1024;
export const maxBodyLines = 200;

/** What a player does (`sta`). */
export type PlayerState =
  | 'starting'
  | 'playing'
  | 'seeking'
  | 'rebuffering'
  | 'paused'
  | 'waiting'
  | 'ended'
  | 'fatal-error'
  | 'quit'
  | 'preloading';

/**
 * What one CMCD report says (CTA-5004 and CTA-5004-B), as far as we use it. Numbers are clamped to what can be, and
 * negative ones left out. Of a list with a number for each object type it is the picture's.
 */
export interface CmcdReport {
  /** sid */
  sessionId?: string;
  /** cid */
  contentId?: string;
  /** e: `ps`, `t`, `e`, `rr`, …; only in event mode. */
  event?: string;
  /** ts: wall clock of the player, ms since the epoch. */
  timeMs?: number;
  /** sta */
  state?: PlayerState;
  /** sf: `h` HLS, `d` DASH, … */
  format?: string;
  /** ot: `m` manifest, `i` init, `v`, `a`, `av`, … */
  objectType?: string;
  /** br, kbit/s. */
  bitrateKbps?: number;
  /** ab, kbit/s: of all that plays together. */
  aggregateBitrateKbps?: number;
  /** mtp, kbit/s. */
  throughputKbps?: number;
  /** bl */
  bufferMs?: number;
  /** dl: from the request until what is asked for has to be there. */
  deadlineMs?: number;
  /** bs: the buffer ran dry since the last request. */
  isStarved?: boolean;
  /** bsd: for how long. */
  starvedMs?: number;
  /** msd: as the player measured its start. */
  startupMs?: number;
  /** su: the picture waits for what is asked for. */
  isUrgent?: boolean;
  /** ltc: distance to live. */
  latencyMs?: number;
  /** ec */
  errorCodes?: readonly string[];
  /** rc: HTTP status of the response an `rr` event is about. */
  responseStatus?: number;
  /** ttlb: from the request to its last byte. */
  lastByteMs?: number;
  /** url: what the event is about. Never fetched. */
  url?: string;

  // What the watch page adds: totals of its session, so that nothing is missing when a report is lost.
  /** com.streamctl-player: name and version. */
  playerName?: string;
  /** com.streamctl-startup: from the wish to watch to the first picture. */
  pageStartupMs?: number;
  /** com.streamctl-watched */
  watchedMs?: number;
  /** com.streamctl-stalls */
  stallCount?: number;
  /** com.streamctl-stalled */
  stalledMs?: number;
  /** com.streamctl-frames, com.streamctl-dropped */
  totalFrames?: number;
  droppedFrames?: number;
  /** com.streamctl-errors */
  errorCount?: number;
  /** com.streamctl-qualities: as `quality-log.ts` writes them. */
  qualities?: string;
}

/** How a key's value is written. A `list` is an inner list of numbers, each with its object types, or in version 1 one number. */
type Kind = 'number' | 'flag' | 'token' | 'string' | 'list' | 'strings' | 'state';

export interface CmcdField {
  readonly key: string;
  readonly name: keyof CmcdReport;
  readonly kind: Kind;
  /** Greatest number, or longest text. */
  readonly max: number;
}

const hourMs = 3_600_000;
const weekMs = 168 * hourMs;
const maxKbps = 1_000_000;

/** Every key that is read and written, in order of name. */
export const cmcdFields: readonly CmcdField[] = [
  { key: 'ab', name: 'aggregateBitrateKbps', kind: 'list', max: maxKbps },
  { key: 'bl', name: 'bufferMs', kind: 'list', max: hourMs },
  { key: 'br', name: 'bitrateKbps', kind: 'list', max: maxKbps },
  { key: 'bs', name: 'isStarved', kind: 'flag', max: 1 },
  { key: 'bsd', name: 'starvedMs', kind: 'list', max: hourMs },
  { key: 'cid', name: 'contentId', kind: 'string', max: 128 },
  { key: 'com.streamctl-dropped', name: 'droppedFrames', kind: 'number', max: 1e9 },
  { key: 'com.streamctl-errors', name: 'errorCount', kind: 'number', max: 1e6 },
  { key: 'com.streamctl-frames', name: 'totalFrames', kind: 'number', max: 1e9 },
  { key: 'com.streamctl-player', name: 'playerName', kind: 'string', max: 32 },
  { key: 'com.streamctl-qualities', name: 'qualities', kind: 'string', max: 2000 },
  { key: 'com.streamctl-stalled', name: 'stalledMs', kind: 'number', max: weekMs },
  { key: 'com.streamctl-stalls', name: 'stallCount', kind: 'number', max: 1e6 },
  { key: 'com.streamctl-startup', name: 'pageStartupMs', kind: 'number', max: hourMs },
  { key: 'com.streamctl-watched', name: 'watchedMs', kind: 'number', max: weekMs },
  { key: 'dl', name: 'deadlineMs', kind: 'number', max: hourMs },
  { key: 'e', name: 'event', kind: 'token', max: 8 },
  { key: 'ec', name: 'errorCodes', kind: 'strings', max: 64 },
  { key: 'ltc', name: 'latencyMs', kind: 'number', max: hourMs },
  { key: 'msd', name: 'startupMs', kind: 'number', max: hourMs },
  { key: 'mtp', name: 'throughputKbps', kind: 'list', max: 10 * maxKbps },
  { key: 'ot', name: 'objectType', kind: 'token', max: 4 },
  { key: 'rc', name: 'responseStatus', kind: 'number', max: 999 },
  { key: 'sf', name: 'format', kind: 'token', max: 4 },
  { key: 'sid', name: 'sessionId', kind: 'string', max: 64 },
  { key: 'sta', name: 'state', kind: 'state', max: 1 },
  { key: 'su', name: 'isUrgent', kind: 'flag', max: 1 },
  { key: 'ts', name: 'timeMs', kind: 'number', max: 1e13 },
  { key: 'ttlb', name: 'lastByteMs', kind: 'number', max: hourMs },
  { key: 'url', name: 'url', kind: 'string', max: 512 },
];

/** Player states as they are written. */
export const stateTokens: Readonly<Record<PlayerState, string>> = {
  starting: 's',
  playing: 'p',
  seeking: 'k',
  rebuffering: 'r',
  paused: 'a',
  waiting: 'w',
  ended: 'e',
  'fatal-error': 'f',
  quit: 'q',
  preloading: 'd',
};
