import type { RenditionWindow, Segment } from '../stream/window.ts';
import type { DeliveredStream } from './delivered-stream.ts';
import type { PlaybackRequest, ProgressiveReply, ProgressSink, Reply } from './reply.ts';
import { cacheControl, openHeaders } from './reply-headers.ts';
import type { Resolution } from './waiting-room.ts';

/**
 * A DASH segment that is being made, sent as it grows: each chunk (styp and prft, moof, mdat) in one piece, the first at once.
 * If its rest never comes, or it becomes something else than was begun, the answer is broken off and never looks whole.
 */
export class ProgressiveSegment implements Resolution {
  private readonly stream: DeliveredStream;
  private readonly segment: Segment;
  private readonly rendition: RenditionWindow;
  private readonly headers: readonly string[];

  constructor(stream: DeliveredStream, rendition: RenditionWindow, segment: Segment, contentType: string) {
    this.stream = stream;
    this.rendition = rendition;
    this.segment = segment;
    const caching = ['Cache-Control', cacheControl.immutable, 'Accept-Ranges', 'none'];
    this.headers = ['Content-Type', contentType, ...caching, ...openHeaders];
  }

  replyTo(request: PlaybackRequest): Reply | ProgressiveReply {
    const { headers } = this;
    if (request.method === 'HEAD') return { kind: 'whole', class: 'segment', status: 200, headers, body: [] };
    return { kind: 'progressive', class: 'segment', status: 200, headers, start: (sink) => this.follow(sink) };
  }

  private follow(sink: ProgressSink): () => void {
    const { stream, segment, rendition } = this;
    let sent = 0;
    let stop = () => {};
    const more = () => {
      while (sent < segment.parts.length) {
        const part = segment.parts[sent++]!;
        sink.chunk(part.bytes);
        stream.traffic.bytes += part.bytes.length;
        stream.traffic.partSent(part, stream.wallMs());
      }
      if (segment.isComplete) {
        stop();
        sink.end();
      } else if (stream.isRemoved || stream.window.isEnded || rendition.find(segment.msn) !== segment) {
        stop();
        sink.abort();
      }
    };
    stop = stream.followers.add(rendition.description.name, more);
    more();
    return stop;
  }
}
