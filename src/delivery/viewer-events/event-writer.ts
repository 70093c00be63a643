import { addressNetwork } from '../../base/address-network.ts';
import {
  batchBytes,
  type EventStream,
  flagOf,
  maxEvents,
  maxViewerNames,
  type NamedViewer,
  recordWords,
  textStart,
  type ViewerEventBatch,
  type ViewerEventKind,
  viewerEventKinds,
  wordOf,
} from './event-batch.ts';

/** One thing that a viewer asked for and was answered, or told. */
export interface NewViewerEvent {
  readonly kind: ViewerEventKind;
  /** Number of its stream (`nameStream`); 0: none. */
  readonly stream: number;
  /** Empty: none. */
  readonly rendition: string;
  readonly isAudio: boolean;
  readonly isDash: boolean;
  readonly status: number;
  readonly bytes: number;
  readonly msn: number;
  readonly index: number;
  /** Undefined: not known. */
  readonly ageMs: number | undefined;
  /** The playlist's next state is waited for. */
  readonly isReload: boolean;
}

/** Who asked, and by what. */
export interface EventSource {
  /** Address and player as `viewerName` joins them. */
  readonly viewer?: string | undefined;
  /** Number of the connection. */
  readonly connection?: number | undefined;
  readonly isBehindProxy?: boolean | undefined;
  /** Name of the signed link. */
  readonly token?: string | undefined;
}

/** Longest player name that is kept. */
const maxUserAgent = 200;
/** Longest CMCD of a request. */
const maxRequestText = 2000;
/** Batches that may be away at once, to be read. */
const maxAway = 8;
const separator = ' ';

/** Joins an address and a User-Agent; made once a connection, so that what follows is a look into a map. */
export function viewerName(address: string, userAgent: string): string {
  return `${address}${separator}${userAgent.length > maxUserAgent ? userAgent.slice(0, maxUserAgent) : userAgent}`;
}

/**
 * Writes what viewers do into memory of fixed size, and hands it over once a second or when it is full. When the reader does not give memory
 * back in time, events are dropped and counted: nothing ever waits.
 */
export class ViewerEventWriter {
  /** Events that there was no room for. */
  dropped = 0;
  /** Events that were written. */
  told = 0;
  private readonly wallMs: () => number;
  private readonly handOver: (batch: ViewerEventBatch) => void;
  private readonly tellsAddresses: boolean;
  private readonly spare: ArrayBuffer[] = [];
  private memory: Buffer | undefined;
  private words = new Uint32Array(0);
  private away = 0;
  private count = 0;
  private textAt = textStart;
  private baseMs = 0;
  private nextStream = 1;
  private nextViewer = 1;
  private nextConnection = 1;
  private readonly renditions = new Map<string, number>();
  private readonly viewers = new Map<string, number>();
  private newStreams: EventStream[] = [];
  private newRenditions: string[] = [];
  private newViewers: NamedViewer[] = [];

  /** `tellsAddresses`: whole ones, because countries are looked up. */
  constructor(wallMs: () => number, handOver: (batch: ViewerEventBatch) => void, tellsAddresses = false) {
    this.wallMs = wallMs;
    this.handOver = handOver;
    this.tellsAddresses = tellsAddresses;
  }

  /** A number for a new stream. */
  nameStream(stream: EventStream): number {
    this.newStreams.push(stream);
    return this.nextStream++;
  }

  /** A number for a new connection. */
  nameConnection(): number {
    this.nextConnection = this.nextConnection === 0xffff_ffff ? 1 : this.nextConnection + 1;
    return this.nextConnection;
  }

  /** `text`: CMCD of the request, as it stands there, or what was posted. */
  add(event: NewViewerEvent, source: EventSource, text: string | Uint8Array | undefined, isHeaderText = false): void {
    const length = text === undefined || (typeof text === 'string' && text.length > maxRequestText) ? 0 : text.length;
    if (this.count === maxEvents || this.textAt + length > batchBytes) this.flush();
    if (this.memory === undefined && !this.begin()) {
      this.dropped++;
      return;
    }
    const { words } = this;
    this.told++;
    const at = this.count++ * recordWords;
    let flags = (event.isDash ? flagOf.dash : 0) | (source.isBehindProxy === true ? flagOf.behindProxy : 0);
    if (isHeaderText) flags |= flagOf.headerText;
    if (event.isReload) flags |= flagOf.reload;
    if (event.isAudio) flags |= flagOf.audio;
    words[at + wordOf.time] = Math.max(0, this.wallMs() - this.baseMs);
    words[at + wordOf.connection] = source.connection ?? 0;
    words[at + wordOf.viewer] = source.viewer === undefined ? 0 : this.viewerNumber(source.viewer, source.token ?? '');
    words[at + wordOf.stream] = event.stream;
    words[at + wordOf.renditionAndStatus] = (this.renditionNumber(event.rendition) << 16) | event.status;
    words[at + wordOf.kindAndFlags] = viewerEventKinds.indexOf(event.kind) | (flags << 8);
    words[at + wordOf.bytes] = Math.min(event.bytes, 0xffff_ffff);
    words[at + wordOf.msn] = event.msn;
    words[at + wordOf.index] = event.index;
    words[at + wordOf.age] = event.ageMs === undefined ? 0 : Math.max(0, Math.round(event.ageMs)) + 1;
    words[at + wordOf.textLength] = length;
    if (length === 0) return;
    if (typeof text === 'string') this.memory!.write(text, this.textAt, length, 'latin1');
    else this.memory!.set(text!, this.textAt);
    this.textAt += length;
  }

  /** Hands over what there is. */
  flush(): void {
    const { memory, count, newStreams: streams, newRenditions: renditions, newViewers: viewers } = this;
    if (memory === undefined) return;
    this.memory = undefined;
    this.away++;
    this.newStreams = [];
    this.newRenditions = [];
    this.newViewers = [];
    const { baseMs } = this;
    this.handOver({ memory: memory.buffer as ArrayBuffer, count, baseMs, streams, renditions, viewers });
  }

  /** The reader is done with this memory. */
  giveBack(memory: ArrayBuffer): void {
    this.away--;
    // One is enough where all goes well; the rest was for a moment.
    if (this.spare.length === 0) this.spare.push(memory);
  }

  private begin(): boolean {
    if (this.away >= maxAway) return false;
    const memory = Buffer.from(this.spare.pop() ?? new ArrayBuffer(batchBytes));
    this.memory = memory;
    this.words = new Uint32Array(memory.buffer, 0, maxEvents * recordWords);
    this.count = 0;
    this.textAt = textStart;
    this.baseMs = this.wallMs();
    return true;
  }

  private renditionNumber(name: string): number {
    if (name === '') return 0;
    let number = this.renditions.get(name);
    if (number === undefined) {
      number = this.renditions.size + 1;
      if (number > 0xffff) return 0;
      this.renditions.set(name, number);
      this.newRenditions.push(name);
    }
    return number;
  }

  private viewerNumber(viewer: string, token: string): number {
    const key = token === '' ? viewer : `${viewer}${separator}${token}`;
    let number = this.viewers.get(key);
    if (number !== undefined) return number;
    number = this.nextViewer++;
    this.viewers.set(key, number);
    if (this.viewers.size > maxViewerNames) this.viewers.delete(this.viewers.keys().next().value!);
    const end = viewer.indexOf(separator);
    const whole = viewer.slice(0, end);
    const address = this.tellsAddresses ? whole : '';
    this.newViewers.push({ network: addressNetwork(whole), userAgent: viewer.slice(end + 1), token, address });
    return number;
  }
}
