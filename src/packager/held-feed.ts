import type {
  FeedMessage,
  FeedSink,
  PlannedRendition,
  RenditionDescription,
  StreamDescription,
} from '../stream/feed.ts';
import type { PartAllocator } from '../stream/part-memory.ts';

/**
 * Keeps what a new stream says until its first segment is complete: only then its target duration is known, and a stream
 * that comes to nothing before was never seen by anybody.
 */
export class HeldFeed {
  private readonly sink: FeedSink;
  private readonly memory: PartAllocator;
  private readonly reached: (milestone: 'first-part' | 'listed') => void;
  private held: FeedMessage[] | undefined = [];
  private hasPart = false;

  constructor(sink: FeedSink, memory: PartAllocator, reached: (milestone: 'first-part' | 'listed') => void = () => {}) {
    this.sink = sink;
    this.memory = memory;
    this.reached = reached;
  }

  get isOpen(): boolean {
    return this.held === undefined;
  }

  emit(message: FeedMessage): void {
    if (this.held === undefined) {
      this.pass(message);
      return;
    }
    this.held.push(message);
    if (message.type !== 'part' || this.hasPart) return;
    this.hasPart = true;
    this.reached('first-part');
  }

  /** Says what the stream is, what will be there to choose from, then all that was held. */
  open(
    stream: StreamDescription,
    planned: readonly PlannedRendition[],
    renditions: readonly RenditionDescription[],
  ): void {
    const held = this.held ?? [];
    this.held = undefined;
    this.sink({ type: 'stream', stream });
    if (planned.length > 0) this.sink({ type: 'planned', streamId: stream.streamId, renditions: planned });
    for (const rendition of renditions) this.sink({ type: 'rendition', streamId: stream.streamId, rendition });
    for (const message of held) this.pass(message);
    this.reached('listed');
  }

  /** Forgets what was held. */
  discard(): void {
    for (const message of this.held ?? []) this.letGo(message);
    if (this.held !== undefined) this.held = [];
  }

  /** Forgets what was held of one rendition. */
  discardRendition(name: string): void {
    const isOfIt = (message: FeedMessage) => 'rendition' in message && message.rendition === name;
    for (const message of this.held ?? []) if (isOfIt(message)) this.letGo(message);
    if (this.held !== undefined) this.held = this.held.filter((message) => !isOfIt(message));
  }

  private pass(message: FeedMessage): void {
    this.sink(message);
    this.letGo(message);
  }

  private letGo(message: FeedMessage): void {
    if (message.type === 'part') this.memory.done(message.part.bytes);
  }
}
