/** A media server that runs for a bench. */
export interface Peer {
  /** The process whose CPU and memory count, with its descendants. */
  readonly pid: number;
  /** Where publisher `index` publishes. */
  publishUrl(index: number): string;
  /** The media playlist of publisher `index`, for a server that has HLS. */
  playlistUrl?(index: number): string;
  /** The MPD of publisher `index`, for a server that has low-latency DASH. */
  mpdUrl?(index: number): string;
  /** Its database, for a server that keeps one in a file. */
  readonly databaseFile?: string;
  /** Resolves when the process is gone and its files are removed. May be called twice. */
  stop(): Promise<void>;
}

/** A server a bench can start. */
export interface PeerKind {
  readonly name: string;
  /** What the figures include. */
  readonly work: string;
  /** Why it cannot run on this machine, with the remedy; undefined when it can. */
  missing(): string | undefined;
  /** Resolves when it accepts publishers; rejects with its log when it does not come up. */
  start(signal: AbortSignal): Promise<Peer>;
}
