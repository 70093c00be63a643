import type { FeedMessage, FeedSink, RenditionDescription, StreamDescription } from '../stream/feed.ts';

/**
 * Keeps what a new stream says until its first segment is complete: only then its target duration is known, and a stream
 * that comes to nothing before was never seen by anybody.
 */
export class HeldFeed {
  private readonly sink: FeedSink;
  private held: FeedMessage[] | undefined = [];

  constructor(sink: FeedSink) {
    this.sink = sink;
  }

  get isOpen(): boolean {
    return this.held === undefined;
  }

  emit(message: FeedMessage): void {
    if (this.held === undefined) this.sink(message);
    else this.held.push(message);
  }

  /** Says what the stream is, then all that was held. */
  open(stream: StreamDescription, renditions: readonly RenditionDescription[]): void {
    const held = this.held ?? [];
    this.held = undefined;
    this.sink({ type: 'stream', stream });
    for (const rendition of renditions) this.sink({ type: 'rendition', streamId: stream.streamId, rendition });
    for (const message of held) this.sink(message);
  }

  /** Forgets what was held. */
  discard(): void {
    if (this.held !== undefined) this.held = [];
  }
}
