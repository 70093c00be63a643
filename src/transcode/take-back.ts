import { FlvReader } from '../media/flv/file.ts';
import { parseVideoTagBody } from '../media/flv/tag.ts';
import type { VideoConfig } from '../media/track.ts';

/** Who gets what one pipe of ffmpeg brings. Times are those of the session. */
export interface TakeBackSink {
  config(config: VideoConfig): void;
  /** `data` is valid only during the call. */
  frame(ptsMs: number, compositionOffsetMs: number, isSync: boolean, data: Uint8Array): void;
}

/**
 * Reads the FLV stream of one rung, piece by piece as it comes. What is held is at most one tag; there is no pausing, because a
 * pipe that is not read stops all rungs.
 */
export class TakeBack {
  private readonly reader = new FlvReader();
  private readonly sink: TakeBackSink;
  private readonly fps: number;
  private nalLengthSizeBytes = 4;
  private hasConfig = false;

  /** `fps` goes into the configuration: the rungs' time base of a millisecond makes their own timing information useless. */
  constructor(fps: number, sink: TakeBackSink) {
    this.fps = fps;
    this.sink = sink;
  }

  /** Throws MEDIA_MALFORMED or BYTES_SHORT when it is not what an ffmpeg of ours writes. */
  push(bytes: Uint8Array): void {
    this.reader.push(bytes);
    for (let tag = this.reader.next(); tag !== undefined; tag = this.reader.next()) {
      if (tag.type === 'video') this.readVideo(tag.timestampMs, tag.body);
    }
  }

  private readVideo(dtsMs: number, body: Uint8Array): void {
    const tag = parseVideoTagBody(body, this.nalLengthSizeBytes);
    if (tag.type === 'config') {
      this.nalLengthSizeBytes = tag.nalLengthSizeBytes;
      this.hasConfig = true;
      this.sink.config({ ...tag.config, nominalFps: this.fps });
    } else if (tag.type === 'frame' && this.hasConfig) {
      this.sink.frame(dtsMs + tag.compositionOffsetMs, tag.compositionOffsetMs, tag.isSync, tag.data);
    }
  }
}
