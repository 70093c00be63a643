/** What was asked for, or told. A `report` is the body of a CMCD event request. */
export const viewerEventKinds = [
  'multivariant',
  'playlist',
  'manifest',
  'init',
  'segment',
  'part',
  'ts-segment',
  'report',
] as const;
export type ViewerEventKind = (typeof viewerEventKinds)[number];

/** Who asks, as it crosses to control. */
export interface NamedViewer {
  /** The network of the address: `203.0.113.0/24`, `2001:db8:7::/48`. */
  readonly network: string;
  readonly userAgent: string;
  /** Of a signed link. */
  readonly token: string;
  /** Empty, unless countries are looked up: then control forgets it as soon as it has the country. */
  readonly address: string;
}

/** Who asks, as far as it may be kept: never a full address. */
export interface ViewerIdentity extends Omit<NamedViewer, 'address'> {
  /** ISO 3166-1 alpha-2; `ZZ`: not known. */
  readonly country: string;
  /** What is made of the rest when it is asked for first: kept here, because there may be a hundred thousand viewers. */
  player?: string | undefined;
  dailyKey?: string | undefined;
  earlierKey?: string | undefined;
  /** Both are renewed each day, by another. */
  keysMadeBy?: object | undefined;
}

/** A stream as events refer to it. */
export interface EventStream {
  readonly streamId: string;
  readonly channel: string;
  readonly targetDurationMs: number;
  readonly partTargetMs: number;
}

/** Events of some time on one delivery thread, as plain data and one piece of memory that is handed to and fro. */
export interface ViewerEventBatch {
  readonly memory: ArrayBuffer;
  readonly count: number;
  /** Wall clock that the events' times count from, ms since the epoch. */
  readonly baseMs: number;
  /** Names that were given since the last batch, each in order: their numbers go on from the ones before. */
  readonly streams: readonly EventStream[];
  readonly renditions: readonly string[];
  readonly viewers: readonly NamedViewer[];
}

/*
 * The memory of a batch: `maxEvents` records of eleven 32-bit words, then the texts they refer to. Numbers of names begin with 1; 0 means
 * none.
 */
export const maxEvents = 8192;
const textBytes = 512 * 1024;
export const recordWords = 11;
export const textStart = maxEvents * recordWords * 4;
export const batchBytes = textStart + textBytes;
/** So many viewers' names are valid at once: the oldest is forgotten for a new one, on both sides alike. */
export const maxViewerNames = 50_000;

export const wordOf = {
  /** Time since the batch's, ms. */
  time: 0,
  connection: 1,
  viewer: 2,
  stream: 3,
  /** Number of the rendition, above 16 bits of HTTP status. */
  renditionAndStatus: 4,
  /** Kind, and `flagOf` above 8 bits. */
  kindAndFlags: 5,
  bytes: 6,
  msn: 7,
  /** Index of a part. */
  index: 8,
  /** How long ago that was live what a segment or part begins with, ms plus one; 0: not known. */
  age: 9,
  /** Length of the text; texts follow one another. */
  textLength: 10,
} as const;

export const flagOf = { dash: 1, behindProxy: 2, headerText: 4, reload: 8, audio: 16 } as const;
