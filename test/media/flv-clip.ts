import { FlvReader } from '../../src/media/flv/file.ts';
import { parseAudioTagBody, parseVideoTagBody } from '../../src/media/flv/tag.ts';
import type { AudioConfig, VideoConfig } from '../../src/media/track.ts';

export interface ClipFrame {
  readonly dtsMs: number;
  readonly compositionOffsetMs: number;
  readonly isSync: boolean;
  readonly data: Uint8Array;
}

/** A whole FLV clip, as our own readers see it. */
export interface Clip {
  video?: { config: VideoConfig; frames: ClipFrame[] };
  audio?: { config: AudioConfig; frames: ClipFrame[] };
}

export function readClip(flv: Uint8Array): Clip {
  const reader = new FlvReader();
  reader.push(flv);
  const clip: Clip = {};
  let nalLengthSizeBytes = 4;
  for (let tag = reader.next(); tag !== undefined; tag = reader.next()) {
    const dtsMs = tag.timestampMs;
    if (tag.type === 'video') {
      const video = parseVideoTagBody(tag.body, nalLengthSizeBytes);
      if (video.type === 'config') {
        clip.video ??= { config: video.config, frames: [] };
        nalLengthSizeBytes = video.nalLengthSizeBytes;
      } else if (video.type === 'frame') clip.video?.frames.push({ ...video, dtsMs });
    } else if (tag.type === 'audio') {
      const audio = parseAudioTagBody(tag.body);
      if (audio.type === 'config') clip.audio ??= { config: audio.config, frames: [] };
      else if (audio.type === 'frame') {
        clip.audio?.frames.push({ dtsMs, compositionOffsetMs: 0, isSync: true, data: audio.data });
      }
    }
  }
  return clip;
}
