import { writeFlvHeader, writeFlvTag } from '../../src/media/flv/file.ts';
import {
  writeAudioConfigBody,
  writeAudioFrameBody,
  writeVideoConfigBody,
  writeVideoFrameBody,
} from '../../src/media/flv/write-tag.ts';
import type { AccessUnit, AudioConfig, VideoConfig } from '../../src/media/track.ts';

/** An FLV file of tracks that ffmpeg 5 cannot put into one (HEVC, AV1, Opus), as an Enhanced RTMP publisher sends them. */
export function enhancedFlv(tracks: {
  readonly video?: { readonly config: VideoConfig; readonly units: readonly AccessUnit[] };
  readonly audio?: { readonly config: AudioConfig; readonly units: readonly AccessUnit[] };
}): Uint8Array {
  const { video, audio } = tracks;
  const tags: Uint8Array[] = [writeFlvHeader({ hasAudio: audio !== undefined, hasVideo: video !== undefined })];
  const tag = (type: 'audio' | 'video', timestampMs: number, body: Uint8Array) =>
    tags.push(writeFlvTag({ type, timestampMs, body }));
  if (video !== undefined) tag('video', 0, writeVideoConfigBody(video.config));
  if (audio !== undefined) tag('audio', 0, writeAudioConfigBody(audio.config));
  const units = [...(video?.units ?? []), ...(audio?.units ?? [])].sort((a, b) => a.dtsMs - b.dtsMs);
  for (const unit of units) {
    if (unit.kind === 'video') tag('video', unit.dtsMs, writeVideoFrameBody(video!.config.codec, unit));
    else tag('audio', unit.dtsMs, writeAudioFrameBody(audio!.config.codec, unit.data));
  }
  return Buffer.concat(tags);
}
