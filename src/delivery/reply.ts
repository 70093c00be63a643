/** What delivery needs to know of a playback request, whoever parsed it. */
export interface PlaybackRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Raw, without the question mark. */
  readonly query: string;
  readonly range?: string | undefined;
  readonly ifRange?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  /** The fast lane leaves it out: it only ever says that the whole answer may be spared. */
  readonly ifModifiedSince?: string | undefined;
  readonly acceptEncoding?: string | undefined;
  /** What an edge that checks viewers itself says to be believed. */
  readonly edgeSecret?: string | undefined;
  /** Tells viewers apart, as well as can be told: address and player, as `viewerName` joins them. */
  readonly viewer?: string | undefined;
  /** Number of the connection on its thread. */
  readonly connection?: number | undefined;
  /** A trusted proxy asks for others on the same connection. */
  readonly isBehindProxy?: boolean | undefined;
  /** CMCD in headers, all of them joined. */
  readonly cmcd?: string | undefined;
  /** Name of the signed link by which it is asked. */
  readonly token?: string | undefined;
  /** Of a report; undefined when it was too long. */
  readonly body?: Uint8Array | undefined;
}

/** What requests and replies are counted by. */
export type ReplyClass =
  | 'multivariant'
  | 'playlist'
  | 'manifest'
  | 'init'
  | 'segment'
  | 'part'
  | 'ts-segment'
  | 'thumbnail'
  | 'time'
  | 'report'
  | 'check'
  | 'other';

/** A whole answer. Equal requests may get the very same object: nobody changes it. */
export interface Reply {
  readonly kind: 'whole';
  readonly class: ReplyClass;
  readonly status: number;
  /** Names and values in turn, all but Date and Connection; Content-Length is there also for HEAD. */
  readonly headers: readonly string[];
  /** Views on shared bytes; empty for HEAD, 204 and 304. */
  readonly body: readonly Uint8Array[];
}

/** An answer of unknown length whose pieces come as they are made: a segment in the making, chunk by chunk. */
export interface ProgressiveReply {
  readonly kind: 'progressive';
  readonly class: ReplyClass;
  readonly status: number;
  readonly headers: readonly string[];
  /** Hands over what there is, then what comes. The returned function stops it, when the viewer leaves. */
  readonly start: (sink: ProgressSink) => () => void;
}

export interface ProgressSink {
  chunk(bytes: Uint8Array): void;
  /** All of it was handed over. */
  end(): void;
  /** The rest will never come: the viewer must not take what it has for the whole. */
  abort(): void;
}

/** An answer that is waited for. */
export interface PendingReply {
  readonly kind: 'pending';
  /** Says where the reply goes; called once, and answered once, unless cancelled. */
  settle(deliver: (reply: Reply | ProgressiveReply) => void): void;
  /** The viewer left. */
  cancel(): void;
}

export type Answer = Reply | ProgressiveReply | PendingReply;
