import type { Clock } from '../base/clock.ts';
import { assertNever } from '../base/errors.ts';
import type { FeedMessage, StreamDescription } from './feed.ts';
import { collectedMemory, type PartHolder } from './part-memory.ts';
import { RenditionWindow, StreamWindow } from './window.ts';
import { type WindowSnapshot, windowFrom } from './window-snapshot.ts';

/** The windows of every stream that has media, kept by applying the feed in order. Knows no HTTP. */
export class Windows {
  private readonly clock: Clock;
  private readonly holder: PartHolder;
  private readonly byStreamId = new Map<string, StreamWindow>();
  private readonly byChannel = new Map<string, StreamWindow>();

  constructor(clock: Clock, holder: PartHolder = collectedMemory) {
    this.clock = clock;
    this.holder = holder;
  }

  get streams(): Iterable<StreamWindow> {
    return this.byStreamId.values();
  }

  /** By stream id, or by channel name: then the channel's newest stream. */
  find(idOrChannel: string): StreamWindow | undefined {
    return this.byStreamId.get(idOrChannel) ?? this.byChannel.get(idOrChannel);
  }

  /** Forgets a stream with all its media. */
  remove(streamId: string): void {
    const window = this.byStreamId.get(streamId);
    if (window === undefined) return;
    this.byStreamId.delete(streamId);
    for (const rendition of window.renditions.values()) rendition.clear();
    if (this.byChannel.get(window.stream.channel) === window) this.byChannel.delete(window.stream.channel);
  }

  /** Begins a window with what another one holds, in place of what this one may have of the stream. */
  restore(snapshot: WindowSnapshot): StreamWindow {
    this.remove(snapshot.stream.streamId);
    const window = windowFrom(snapshot, this.holder, this.clock.monotonicMs());
    this.add(window);
    return window;
  }

  private add(window: StreamWindow): void {
    const { streamId, channel } = window.stream;
    this.byStreamId.set(streamId, window);
    this.byChannel.set(channel, window);
  }

  apply(message: FeedMessage): void {
    if (message.type === 'stream') {
      const known = this.byStreamId.get(message.stream.streamId);
      // Whoever makes the stream may be another than before: it goes on where the other one ended.
      if (known === undefined) this.add(new StreamWindow(message.stream));
      else known.stream = message.stream;
      return;
    }
    const window = this.byStreamId.get(message.streamId);
    if (window === undefined) return; // removed while its last messages were on their way
    switch (message.type) {
      case 'rendition': {
        const known = window.renditions.get(message.rendition.name);
        if (known !== undefined) known.describe(message.rendition);
        else
          window.renditions.set(
            message.rendition.name,
            new RenditionWindow(message.rendition, window.stream.targetDurationSeconds, this.holder),
          );
        return;
      }
      case 'planned':
        window.planned = message.renditions;
        return;
      case 'thumbnail':
        window.thumbnail = message.thumbnail;
        return;
      case 'segment':
        window.renditions.get(message.rendition)?.open(message.segment);
        return;
      case 'part':
        window.renditions.get(message.rendition)?.append(message.part);
        return;
      case 'segment-end': {
        const rendition = window.renditions.get(message.rendition);
        rendition?.complete(message.msn, message.brokenUntilTicks);
        rendition?.slide(window.stream.windowMs, keepMs(window.stream), this.clock.monotonicMs());
        return;
      }
      case 'segment-abandoned':
        window.renditions.get(message.rendition)?.abandon();
        return;
      case 'rendition-gone':
        window.renditions.get(message.rendition)?.clear();
        window.renditions.delete(message.rendition);
        return;
      case 'window':
        window.stream = { ...window.stream, windowMs: message.windowMs };
        return;
      case 'gap': {
        const rendition = window.renditions.get(message.rendition);
        rendition?.gap(message.segment, message.durationTicks);
        rendition?.slide(window.stream.windowMs, keepMs(window.stream), this.clock.monotonicMs());
        return;
      }
      case 'interrupted':
        window.isInterrupted = message.interrupted;
        for (const rendition of window.renditions.values()) rendition.version++;
        return;
      case 'ended':
        window.isEnded = true;
        for (const rendition of window.renditions.values()) rendition.version++;
        return;
      default:
        assertNever(message);
    }
  }
}

/**
 * How long a segment outlives its listing. Until first listed + its duration + the longest playlist duration it must be there
 * (RFC 8216bis §6.2.2); it was listed for about the window, so two target durations and a slow request are owed.
 */
export function keepMs({ targetDurationSeconds }: Pick<StreamDescription, 'targetDurationSeconds'>): number {
  return targetDurationSeconds * 2000 + 2000;
}
