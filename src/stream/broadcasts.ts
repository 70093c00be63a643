import type { Clock } from '../base/clock.ts';
import type { Service } from '../base/lifecycle.ts';
import type { LiveStream } from './live-stream.ts';
import type { Publication, PublisherConnection, PublishGrant } from './publication.ts';

/** How often gaps, grace and time-outs are looked at. */
const tickMs = 200;
/** A tick that comes this late tells that the process stood still, not that publishers were silent. */
const stallMs = 500;
/** Takeovers of one channel within a minute after which the next has to wait. */
const freeTakeovers = 5;
const takeoverDelayMs = 3000;

/** What a broadcast is made of. */
export interface NewBroadcast extends Pick<PublishGrant, 'channel' | 'keyId'> {
  /** Absent: any. */
  readonly id?: string;
}

/** The broadcasts of this node that have not ended: at most one a channel. */
export class Broadcasts implements Service {
  private readonly clock: Clock;
  private readonly create: (broadcast: NewBroadcast) => LiveStream;
  private readonly onStall: (stalledMs: number) => void;
  private readonly byChannel = new Map<string, LiveStream>();
  private readonly takeovers = new Map<string, number[]>();
  private timer: NodeJS.Timeout | undefined;
  private lastTickMs: number | undefined;

  /** `onStall` hears when this process stood still, and for how long. */
  constructor(clock: Clock, create: (broadcast: NewBroadcast) => LiveStream, onStall: (stalledMs: number) => void) {
    this.clock = clock;
    this.create = create;
    this.onStall = onStall;
  }

  get streams(): readonly LiveStream[] {
    return [...this.byChannel.values()];
  }

  /** By id, or by channel name. */
  find(idOrChannel: string): LiveStream | undefined {
    return this.byChannel.get(idOrChannel) ?? this.streams.find((stream) => stream.id === idOrChannel);
  }

  async start(): Promise<void> {
    this.timer = setInterval(() => this.tick(), tickMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    for (const stream of this.streams) stream.suspend();
  }

  add(stream: LiveStream): void {
    this.byChannel.set(stream.channel, stream);
  }

  /** The channel's broadcast, as far as it has not ended. */
  current(channel: string): LiveStream | undefined {
    const stream = this.byChannel.get(channel);
    return stream?.hasEnded ? undefined : stream;
  }

  /** Makes a broadcast that waits for its publisher, on a channel that has none. */
  announce(broadcast: NewBroadcast): LiveStream {
    const stream = this.create(broadcast);
    this.add(stream);
    return stream;
  }

  /** The publisher continues the channel's broadcast, or begins one. */
  open(grant: PublishGrant, connection: PublisherConnection): Publication {
    const running = this.current(grant.channel);
    if (running?.publisher !== undefined) this.noteTakeover(grant.channel);
    return (running ?? this.announce({ channel: grant.channel, keyId: grant.keyId })).attach(connection, grant.keyId);
  }

  /** Resolves when a publisher may take this channel over: two that push each other out all the time are slowed, not refused. */
  async takeoverTurn(channel: string, signal: AbortSignal): Promise<void> {
    if (this.byChannel.get(channel)?.publisher === undefined) return;
    if (this.recentTakeovers(channel).length < freeTakeovers) return;
    await new Promise<void>((resolve) => {
      const cancel = this.clock.after(takeoverDelayMs, resolve);
      signal.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });
  }

  /** After a stall the next tick decides: what publishers sent meanwhile still waits in the sockets, and is read first. */
  tick(): void {
    const nowMs = this.clock.monotonicMs();
    const lateMs = this.lastTickMs === undefined ? 0 : nowMs - this.lastTickMs - tickMs;
    this.lastTickMs = nowMs;
    if (lateMs >= stallMs) {
      this.onStall(lateMs);
      return;
    }
    for (const stream of this.byChannel.values()) {
      stream.tick();
      if (stream.hasEnded) this.byChannel.delete(stream.channel);
    }
  }

  private noteTakeover(channel: string): void {
    this.takeovers.set(channel, [...this.recentTakeovers(channel), this.clock.monotonicMs()]);
  }

  private recentTakeovers(channel: string): number[] {
    const sinceMs = this.clock.monotonicMs() - 60_000;
    const recent = (this.takeovers.get(channel) ?? []).filter((atMs) => atMs >= sinceMs);
    if (recent.length === 0) this.takeovers.delete(channel);
    return recent;
  }
}
