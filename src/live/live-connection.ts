import type { WebSocket } from 'ws';
import type { SocketCounts } from './socket-counts.ts';
import type { Told, Topic, TopicListener } from './topic.ts';

/** What may wait for a slow reader before snapshots are left out, and before it is given up. */
export const slowBytes = 256 * 1024;
export const stuckBytes = 1024 * 1024;
const stuckMs = 30_000;
/** Notifications that are kept for it meanwhile. */
const maxKept = 200;
const pingEveryMs = 30_000;

/** Close codes (RFC 6455 §7.4.1 and the registry of IANA). */
export const closeCodes = { goingAway: 1001, refused: 1008, tryAgainLater: 1013 } as const;

export interface LiveConnectionOptions {
  readonly socket: WebSocket;
  readonly topic: Topic;
  readonly monotonicMs: () => number;
  /** Whether who has it may still hear what it tells. */
  readonly isAllowed: () => boolean | Promise<boolean>;
  /** Of all sockets together. */
  readonly counts: SocketCounts;
}

/** One WebSocket that listens to a topic. What waits for its reader is bounded: snapshots are left out first, then notifications, then it is closed. */
export class LiveConnection implements TopicListener {
  private readonly options: LiveConnectionOptions;
  private readonly kept: Told[] = [];
  private lostCount = 0;
  private lostSeq = 0;
  private slowSinceMs: number | undefined;
  private isAnswering = true;
  private isClosing = false;
  private nextPingMs: number;
  private hasResumed = false;

  constructor(options: LiveConnectionOptions, afterSeq: number | undefined) {
    const { socket, topic, monotonicMs } = options;
    this.options = options;
    this.nextPingMs = monotonicMs() + pingEveryMs;
    this.hasResumed = afterSeq !== undefined;
    socket.on('pong', () => {
      this.isAnswering = true;
    });
    socket.on('message', (data, isBinary) => this.heard(isBinary ? '' : data.toString()));
    socket.on('error', () => socket.terminate());
    socket.once('close', () => topic.listeners.delete(this));
    topic.join(this, afterSeq);
  }

  snapshot({ text }: Told): void {
    if (this.flush()) this.send(text);
    else this.options.counts.snapshotsSkipped++;
  }

  notification(told: Told): void {
    if (this.flush()) {
      this.send(told.text);
    } else if (this.kept.length < maxKept) {
      this.kept.push(told);
    } else {
      this.lostCount++;
      this.options.counts.notificationsLost++;
      this.lostSeq = told.seq;
    }
  }

  /** To be called once a second: closes who does not read or does not answer, or may not listen any more. */
  async look(): Promise<void> {
    const { socket, monotonicMs } = this.options;
    this.flush();
    const nowMs = monotonicMs();
    const isStuck = this.slowSinceMs !== undefined && nowMs - this.slowSinceMs >= stuckMs;
    if (isStuck || socket.bufferedAmount > stuckBytes) {
      if (!this.isClosing) this.options.counts.closedSlow++;
      this.close(closeCodes.tryAgainLater, 'too slow');
    } else if (nowMs >= this.nextPingMs) {
      this.nextPingMs = nowMs + pingEveryMs;
      if (!this.isAnswering) socket.terminate();
      else if (!(await this.options.isAllowed())) this.close(closeCodes.refused, 'not allowed any more');
      else this.ping();
    }
  }

  close(code: number, reason: string): void {
    const { socket } = this.options;
    if (this.isClosing) return;
    this.isClosing = true;
    // Nothing can be told to who does not read: it is cut off a moment later.
    socket.close(code, reason);
    setTimeout(() => socket.terminate(), 1000).unref();
  }

  private send(text: string): void {
    this.options.socket.send(text);
    this.options.counts.messages++;
  }

  private ping(): void {
    this.isAnswering = false;
    this.options.socket.ping();
  }

  /** Sends what was kept, as far as it is read; whether there is room for more. */
  private flush(): boolean {
    const { socket, topic, monotonicMs } = this.options;
    if (socket.readyState !== socket.OPEN) return false;
    for (let told = this.kept[0]; told !== undefined && socket.bufferedAmount <= slowBytes; told = this.kept[0]) {
      this.send(told.text);
      this.kept.shift();
    }
    if (socket.bufferedAmount > slowBytes || this.kept.length > 0) {
      this.slowSinceMs ??= monotonicMs();
      return false;
    }
    this.slowSinceMs = undefined;
    if (this.lostCount > 0) {
      this.send(topic.lost(this.lostCount, this.lostSeq).text);
      this.lostCount = 0;
    }
    return true;
  }

  /** The only thing that is understood is `{"resume": SEQ}`, once. */
  private heard(text: string): void {
    const afterSeq = resumeOf(text);
    if (afterSeq === undefined || this.hasResumed) return;
    this.hasResumed = true;
    this.options.topic.resume(this, afterSeq);
  }
}

function resumeOf(text: string): number | undefined {
  try {
    const { resume } = JSON.parse(text) as { readonly resume?: unknown };
    return Number.isSafeInteger(resume) ? (resume as number) : undefined;
  } catch {
    return undefined; // whoever says something else is not answered
  }
}
