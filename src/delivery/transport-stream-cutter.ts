import { readFragments } from '../media/mp4/fragment-reader.ts';
import type { TsSample } from '../media/mpegts/pes.ts';
import { type TsSegmentTracks, writeTsSegment } from '../media/mpegts/segment.ts';
import { rescaleTicks } from '../media/ticks.ts';
import { videoTimescale } from '../media/track.ts';
import type { RenditionWindow, Segment, StreamWindow } from '../stream/window.ts';
import { audioRendition } from './variant.ts';

/**
 * Cuts MPEG-TS from CMAF when somebody asks, once per segment, and keeps what was asked for last, up to `limitBytes`.
 * Decode times are moved back by the rendition's decode delay: MPEG-TS may not present before it decodes.
 */
export class TransportStreamCutter {
  private readonly limitBytes: number;
  private heldBytes = 0;
  /** By what they were cut from; the least recently asked for first. */
  private readonly cuts = new Map<string, Uint8Array>();

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** A complete segment of `rendition`, with the sound of the same number if the stream has it. */
  cut(stream: StreamWindow, rendition: RenditionWindow, segment: Segment): Uint8Array {
    const name = `${stream.stream.streamId}/${rendition.description.name}/${segment.msn}`;
    const known = this.cuts.get(name);
    if (known !== undefined) {
      this.cuts.delete(name);
      this.cuts.set(name, known);
      return known;
    }
    const bytes = writeTsSegment(tracksOf(stream, rendition, segment));
    this.cuts.set(name, bytes);
    this.heldBytes += bytes.length;
    for (const [oldest, cut] of this.cuts) {
      if (this.heldBytes <= this.limitBytes || oldest === name) break;
      this.cuts.delete(oldest);
      this.heldBytes -= cut.length;
    }
    return bytes;
  }
}

function tracksOf(stream: StreamWindow, rendition: RenditionWindow, segment: Segment): TsSegmentTracks {
  const { config } = rendition.descriptions.get(segment.initVersion) ?? rendition.description;
  if (config.kind === 'audio') return { audio: { config, samples: samplesOf(rendition, segment) } };
  const video = { config, samples: samplesOf(rendition, segment) };
  const audio = audioRendition(stream);
  const sound = audio?.find(segment.msn);
  if (audio === undefined || sound === undefined || sound.isGap || !sound.isComplete) return { video };
  const { config: audioConfig } = audio.descriptions.get(sound.initVersion) ?? audio.description;
  return audioConfig.kind === 'audio'
    ? { video, audio: { config: audioConfig, samples: samplesOf(audio, sound) } }
    : { video };
}

function samplesOf(rendition: RenditionWindow, segment: Segment): TsSample[] {
  const { timescale, decodeDelayTicks } = rendition.descriptions.get(segment.initVersion) ?? rendition.description;
  const samples: TsSample[] = [];
  for (const part of segment.parts) {
    for (const fragment of readFragments(part.bytes)) {
      let decodeTicks = fragment.baseDecodeTimeTicks;
      for (const { durationTicks, compositionOffsetTicks, isSync, data } of fragment.samples) {
        samples.push({
          dts90k: rescaleTicks(decodeTicks - decodeDelayTicks, timescale, videoTimescale),
          pts90k: rescaleTicks(decodeTicks + compositionOffsetTicks, timescale, videoTimescale),
          isSync,
          data,
        });
        decodeTicks += durationTicks;
      }
    }
  }
  return samples;
}

/** The last segment whose picture and sound are both complete, as far as sound was there at all; 0 before the first. */
export function lastTsMsn(stream: StreamWindow, rendition: RenditionWindow): number {
  const video = rendition.lastComplete?.msn ?? 0;
  const audio = audioRendition(stream);
  if (audio === undefined || audio === rendition) return video;
  const sound = audio.lastComplete?.msn;
  if (sound !== undefined) return Math.min(video, sound);
  const firstSound = audio.segments[0]?.msn;
  return firstSound === undefined ? video : Math.min(video, firstSound - 1);
}
