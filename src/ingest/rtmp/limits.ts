/** What publishers may take. All durations in milliseconds. */
export interface RtmpLimits {
  readonly maxPublishers: number;
  /** Publishers from one address; 0: no cap. */
  readonly maxPerIp: number;
  /** Connections that do not publish yet; one more and the oldest of them is closed. */
  readonly maxPending: number;
  /** Until the handshake is done. */
  readonly handshakeMs: number;
  /** From the handshake until Publish.Start. */
  readonly publishMs: number;
  /** Without a byte from a publisher. */
  readonly idleMs: number;
  /** For the last words to be flushed and the peer to close. */
  readonly closingMs: number;
  readonly pingMs: number;
  readonly maxMessageBytes: number;
  /** Unfinished messages of one connection. */
  readonly connectionMemoryBytes: number;
  /** Unfinished messages of all connections. */
  readonly totalMemoryBytes: number;
  /** Unsent answers of one connection. */
  readonly maxUnsentBytes: number;
}

export const defaultRtmpLimits: RtmpLimits = {
  maxPublishers: 500,
  maxPerIp: 0,
  maxPending: 4096,
  handshakeMs: 8000,
  publishMs: 10_000,
  idleMs: 9000, // with the sweep, a publisher that vanished is known to be gone within 10 s
  closingMs: 2000,
  pingMs: 20_000,
  maxMessageBytes: 4 << 20,
  connectionMemoryBytes: 8 << 20,
  totalMemoryBytes: 256 << 20,
  maxUnsentBytes: 64 << 10,
};

/** How often deadlines are looked at. */
export const sweepIntervalMs = 500;
