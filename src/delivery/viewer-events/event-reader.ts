import { unknownCountry } from '../../geoip/country-database.ts';
import {
  type EventStream,
  flagOf,
  maxEvents,
  maxViewerNames,
  type NamedViewer,
  recordWords,
  textStart,
  type ViewerEventBatch,
  type ViewerEventKind,
  type ViewerIdentity,
  viewerEventKinds,
  wordOf,
} from './event-batch.ts';

/** One event as it is read. The same object serves them all: who keeps something of it copies that. */
export interface ViewerEvent {
  kind: ViewerEventKind;
  /** Wall clock, ms since the epoch. */
  timeMs: number;
  /** Tells connections apart, of all delivery threads. */
  connection: number;
  viewer: ViewerIdentity | undefined;
  stream: EventStream | undefined;
  /** Empty: none. */
  rendition: string;
  isAudio: boolean;
  isDash: boolean;
  isBehindProxy: boolean;
  isReload: boolean;
  status: number;
  bytes: number;
  msn: number;
  index: number;
  ageMs: number | undefined;
  /** CMCD as it stood in the query, in headers (`isHeaderText`), or a posted body; empty: none. */
  text: string;
  isHeaderText: boolean;
}

const maxUserAgents = 1000;

export type ViewerEventSink = (event: ViewerEvent) => void;

/** Reads what one delivery thread writes, from its beginning to its end. */
export class ViewerEventReader {
  private readonly firstConnection: number;
  private readonly countryOf: (address: string) => string;
  private readonly streams: EventStream[] = [];
  private readonly renditions: string[] = [''];
  /** Each at its number, below `maxViewerNames`: the oldest makes room. */
  private readonly viewers: ViewerIdentity[] = [];
  private nextViewer = 1;
  /** Each once: they come anew with each viewer, and most are the same. */
  private readonly userAgents = new Map<string, string>();
  private readonly event: ViewerEvent = {
    kind: 'report',
    timeMs: 0,
    connection: 0,
    viewer: undefined,
    stream: undefined,
    rendition: '',
    isAudio: false,
    isDash: false,
    isBehindProxy: false,
    isReload: false,
    status: 0,
    bytes: 0,
    msn: 0,
    index: 0,
    ageMs: undefined,
    text: '',
    isHeaderText: false,
  };

  /** `source`: a number that no other reader has. */
  constructor(source: number, countryOf: (address: string) => string = () => unknownCountry) {
    this.firstConnection = source * 2 ** 32;
    this.countryOf = countryOf;
  }

  /** Calls with each event in order. Afterwards the memory can be given back. */
  read(batch: ViewerEventBatch, sink: ViewerEventSink): void {
    this.streams.push(...batch.streams);
    this.renditions.push(...batch.renditions);
    for (const viewer of batch.viewers) this.viewers[this.nextViewer++ % maxViewerNames] = this.identityOf(viewer);
    const { event } = this;
    const words = new Uint32Array(batch.memory, 0, maxEvents * recordWords);
    const bytes = Buffer.from(batch.memory);
    let textAt = textStart;
    for (let at = 0; at < batch.count * recordWords; at += recordWords) {
      const kindAndFlags = words[at + wordOf.kindAndFlags]!;
      const flags = kindAndFlags >>> 8;
      const renditionAndStatus = words[at + wordOf.renditionAndStatus]!;
      const age = words[at + wordOf.age]!;
      const textLength = words[at + wordOf.textLength]!;
      event.kind = viewerEventKinds[kindAndFlags & 0xff]!;
      event.timeMs = batch.baseMs + words[at + wordOf.time]!;
      event.connection = this.firstConnection + words[at + wordOf.connection]!;
      event.viewer = this.viewerOf(words[at + wordOf.viewer]!);
      event.stream = this.streams[words[at + wordOf.stream]! - 1];
      event.rendition = this.renditions[renditionAndStatus >>> 16]!;
      event.status = renditionAndStatus & 0xffff;
      event.isDash = (flags & flagOf.dash) !== 0;
      event.isBehindProxy = (flags & flagOf.behindProxy) !== 0;
      event.isHeaderText = (flags & flagOf.headerText) !== 0;
      event.isReload = (flags & flagOf.reload) !== 0;
      event.isAudio = (flags & flagOf.audio) !== 0;
      event.bytes = words[at + wordOf.bytes]!;
      event.msn = words[at + wordOf.msn]!;
      event.index = words[at + wordOf.index]!;
      event.ageMs = age === 0 ? undefined : age - 1;
      event.text = textLength === 0 ? '' : bytes.toString('latin1', textAt, textAt + textLength);
      textAt += textLength;
      sink(event);
    }
  }

  private viewerOf(number: number): ViewerIdentity | undefined {
    const isForgotten = number < this.nextViewer - maxViewerNames;
    return number === 0 || isForgotten ? undefined : this.viewers[number % maxViewerNames];
  }

  private identityOf({ network, userAgent, token, address }: NamedViewer): ViewerIdentity {
    let known = this.userAgents.get(userAgent);
    if (known === undefined) {
      if (this.userAgents.size === maxUserAgents) this.userAgents.clear();
      known = userAgent;
      this.userAgents.set(known, known);
    }
    const found = { player: undefined, dailyKey: undefined, earlierKey: undefined, keysMadeBy: undefined };
    return { network, userAgent: known, token, country: this.countryOf(address), ...found };
  }
}
