import type { TrackConfig } from '../media/track.ts';
import type { RenditionWindow, StreamWindow } from '../stream/window.ts';
import { averageBps, type DeclaredBitrate } from './declared-bitrate.ts';
import { declaredCodecs } from './declared-codecs.ts';
import type { Container } from './playback-path.ts';

export interface MultivariantOptions {
  readonly stream: StreamWindow;
  readonly container: Container;
  /** Asked for by the channel's name: media playlists are referred to under the stream's id. */
  readonly isByChannel: boolean;
  readonly bitrate: DeclaredBitrate;
  /** Every segment of every rendition so far began with a sync sample. */
  readonly hasIndependentSegments: boolean;
}

/** The renditions that a viewer chooses between, and the sound that belongs to all of them. */
export interface Presentation {
  readonly variants: readonly RenditionWindow[];
  /** The shared audio rendition beside video; absent for sound alone, which is a variant itself. */
  readonly audio?: RenditionWindow;
}

/** What of a stream can be played: renditions with a complete segment. Nothing, when a stream with video has none of it yet. */
export function presentationOf(stream: StreamWindow): Presentation | undefined {
  const all = [...stream.renditions.values()];
  const isPlayable = (rendition: RenditionWindow) => rendition.lastComplete !== undefined;
  const videos = all.filter((rendition) => rendition.description.config.kind === 'video');
  const audio = all.find((rendition) => rendition.description.config.kind === 'audio' && isPlayable(rendition));
  if (videos.length === 0) return audio === undefined ? undefined : { variants: [audio] };
  const variants = videos.filter(isPlayable).sort((a, b) => b.peakBitrateBps - a.peakBitrateBps);
  if (variants.length === 0) return undefined;
  return audio === undefined ? { variants } : { variants, audio };
}

/** Whether every rendition that was announced can be played: a player loads the multivariant playlist only once. */
export function isPresentationComplete(stream: StreamWindow): boolean {
  return stream.renditions.size > 0 && [...stream.renditions.values()].every((one) => one.lastComplete !== undefined);
}

/** Multivariant playlist (RFC 8216bis §4.4.6). */
export function writeMultivariantPlaylist(options: MultivariantOptions, presentation: Presentation): string {
  const { stream, container, isByChannel } = options;
  const { variants, audio } = presentation;
  const prefix = isByChannel ? `../${stream.stream.streamId}/` : '';
  const file = container === 'cmaf' ? 'index.m3u8' : 'ts.m3u8';
  const hasAudioGroup = audio !== undefined && container === 'cmaf';
  const lines = ['#EXTM3U', `#EXT-X-VERSION:${hasAudioGroup ? 4 : 1}`];
  if (options.hasIndependentSegments) lines.push('#EXT-X-INDEPENDENT-SEGMENTS');
  if (hasAudioGroup) {
    const { name, config } = audio.description;
    const channels = config.kind === 'audio' ? `,CHANNELS="${config.channelCount}"` : '';
    lines.push(
      `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",DEFAULT=YES,AUTOSELECT=YES${channels},URI="${prefix}${name}/${file}"`,
    );
  }
  for (const variant of variants) {
    lines.push(
      `#EXT-X-STREAM-INF:${streamInf(options, variant, audio)}`,
      `${prefix}${variant.description.name}/${file}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function streamInf(
  { stream, container, bitrate }: MultivariantOptions,
  variant: RenditionWindow,
  audio: RenditionWindow | undefined,
): string {
  const members = audio === undefined ? [variant] : [variant, audio];
  const sum = (of: (rendition: RenditionWindow) => number) => members.reduce((total, one) => total + of(one), 0);
  const inContainer = (bps: number) => (container === 'ts' ? tsBitrateBps(bps, stream, members) : bps);
  const attributes = [
    `BANDWIDTH=${inContainer(sum((one) => bitrate.peakBps(one)))}`,
    `AVERAGE-BANDWIDTH=${inContainer(sum(averageBps))}`,
    `CODECS="${members.flatMap(declaredCodecs).join(',')}"`,
  ];
  const { config, frameRate } = variant.description;
  if (config.kind === 'video') {
    attributes.push(`RESOLUTION=${config.widthPixels}x${config.heightPixels}`);
    const fps = frameRate ?? config.nominalFps;
    if (fps !== undefined) attributes.push(`FRAME-RATE=${fps.toFixed(3)}`);
    // Players that are not told look for captions inside segments first; shaka even in one that is still being made, and fails.
    attributes.push('CLOSED-CAPTIONS=NONE');
  }
  if (audio !== undefined && container === 'cmaf') attributes.push('AUDIO="audio"');
  return attributes.join(',');
}

/** Packets of a segment that carry no frame: tables, and what completes the cycle of each continuity counter. */
const tsFillPackets = 80;

/** What MPEG-TS adds: 4 bytes of each packet's 188, per frame a PES header and half a packet of stuffing, and the fill. */
function tsBitrateBps(cmafBps: number, stream: StreamWindow, members: readonly RenditionWindow[]): number {
  const framesPerSecond = members.reduce((total, one) => total + unitsPerSecond(one.description.config), 0);
  const fillBps = (tsFillPackets * 188 * 8) / stream.stream.targetDurationSeconds;
  return Math.ceil((cmafBps * (188 / 184) + framesPerSecond * (20 + 92) * 8 + fillBps) / 1000) * 1000;
}

function unitsPerSecond(config: TrackConfig): number {
  return config.kind === 'audio' ? config.sampleRateHz / config.samplesPerFrame : (config.nominalFps ?? 60);
}
