import type { Clock } from '../base/clock.ts';
import type { FeedMessage } from '../stream/feed.ts';
import type { PartHolder } from '../stream/part-memory.ts';
import type { StreamWindow } from '../stream/window.ts';
import { Windows } from '../stream/windows.ts';
import { DeliveredStream, type StreamSnapshot } from './delivered-stream.ts';
import { problem } from './problem.ts';
import { type Occupancy, WaitingRoom } from './waiting-room.ts';

export interface DeliveredStreamsOptions {
  readonly clock: Clock;
  readonly memory: PartHolder;
  /** Uniform in [0, 1): spreads the answers after an outage. */
  readonly random: () => number;
  /** How many requests may be held at once; for one stream half of it. */
  readonly maxWaiters: number;
  readonly waited: Occupancy['waited'];
}

/** The streams that can be asked for, kept by the feed, and for as long as their media are owed to who has read a playlist. */
export class DeliveredStreams {
  private readonly clock: Clock;
  private readonly random: () => number;
  private readonly windowTable: Windows;
  private readonly streams = new Map<string, DeliveredStream>();
  private readonly occupancy: Occupancy;

  constructor({ clock, memory, random, maxWaiters, waited }: DeliveredStreamsOptions) {
    this.clock = clock;
    this.random = random;
    this.windowTable = new Windows(clock, memory);
    this.occupancy = { count: 0, limit: maxWaiters, limitPerStream: Math.ceil(maxWaiters / 2), waited };
  }

  get all(): DeliveredStream[] {
    return [...this.streams.values()];
  }

  get windows(): Iterable<StreamWindow> {
    return this.windowTable.streams;
  }

  /** Requests of all streams that wait for news. */
  get heldRequests(): number {
    return this.occupancy.count;
  }

  get(streamId: string): DeliveredStream | undefined {
    return this.streams.get(streamId);
  }

  /** By id, or by channel name: then the channel's current stream. */
  find(idOrChannel: string): DeliveredStream | undefined {
    const window = this.windowTable.find(idOrChannel);
    return window === undefined ? undefined : this.streams.get(window.stream.streamId);
  }

  /** Takes in what happened, and lets go who waited for it. */
  apply(message: FeedMessage): void {
    this.windowTable.apply(message);
    if (message.type === 'stream') {
      const { streamId } = message.stream;
      if (!this.streams.has(streamId)) this.add(this.windowTable.find(streamId)!);
      return;
    }
    const stream = this.streams.get(message.streamId);
    stream?.changed(message);
    if (message.type === 'ended' && stream !== undefined) this.retire(stream);
  }

  /** Goes on with what another delivery has come to. */
  restore(snapshot: StreamSnapshot): void {
    this.close(snapshot.window.stream.streamId);
    const stream = this.add(this.windowTable.restore(snapshot.window), snapshot);
    if (snapshot.window.isEnded) this.retire(stream);
  }

  /** Forgets a stream with all its media. */
  remove(streamId: string): void {
    this.windowTable.remove(streamId);
    this.close(streamId);
  }

  private add(window: StreamWindow, known?: StreamSnapshot): DeliveredStream {
    const waiting = new WaitingRoom(this.clock, this.random, this.occupancy);
    const stream = new DeliveredStream(window, this.clock, waiting, known);
    this.streams.set(window.stream.streamId, stream);
    return stream;
  }

  /**
   * Lets go of a stream that has ended: its playlists stay for two windows, and a minute at least; the segments then stay for
   * as long as a playlist that was read at the last moment lists them (RFC 8216bis §6.2.2).
   */
  private retire(stream: DeliveredStream): void {
    const { streamId, windowMs, targetDurationSeconds } = stream.window.stream;
    const listedMs = Math.max(2 * windowMs, 60_000);
    this.clock.after(listedMs, () => {
      stream.isRetired = true;
    });
    this.clock.after(listedMs + windowMs + targetDurationSeconds * 2000, () => {
      if (this.streams.get(streamId) === stream) this.remove(streamId);
    });
  }

  private close(streamId: string): void {
    const stream = this.streams.get(streamId);
    if (stream === undefined) return;
    this.streams.delete(streamId);
    stream.isRemoved = true;
    stream.waiting.close(problem('DELIVERY_STREAM_NOT_FOUND', { id: streamId }));
    stream.followers.tellAll();
  }
}
