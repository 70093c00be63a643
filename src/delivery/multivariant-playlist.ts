import type { RenditionWindow, StreamWindow } from '../stream/window.ts';
import type { DeclaredBitrate } from './declared-bitrate.ts';
import { declaredCodecs } from './declared-codecs.ts';
import type { Container } from './playback-path.ts';
import type { Presentation, Variant } from './variant.ts';

export interface MultivariantOptions {
  readonly stream: StreamWindow;
  readonly container: Container;
  /** Asked for by the channel's name: media playlists are referred to under the stream's id. */
  readonly isByChannel: boolean;
  readonly bitrate: DeclaredBitrate;
  /** Every segment of every rendition so far began with a sync sample. */
  readonly hasIndependentSegments: boolean;
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
  const audioMember = audio === undefined ? [] : [{ name: audio.description.name, rendition: audio }];
  for (const variant of variants) {
    lines.push(
      `#EXT-X-STREAM-INF:${streamInf(options, variant, [variant, ...audioMember])}`,
      `${prefix}${variant.name}/${file}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** `members`: the variant, and the sound that is played with it. */
function streamInf(
  { stream, container, bitrate }: MultivariantOptions,
  variant: Variant,
  members: readonly Variant[],
): string {
  const sum = (of: (member: Variant) => number) => members.reduce((total, one) => total + of(one), 0);
  const inContainer = (bps: number) => (container === 'ts' ? tsBitrateBps(bps, stream, members) : bps);
  const attributes = [
    `BANDWIDTH=${inContainer(sum(({ name, rendition }) => bitrate.peakBps(name, rendition)))}`,
    `AVERAGE-BANDWIDTH=${inContainer(sum(({ name, rendition }) => bitrate.averageBps(name, rendition)))}`,
    `CODECS="${members.flatMap(declaredCodecs).join(',')}"`,
    ...pictureAttributes(variant),
  ];
  if (members.length > 1 && container === 'cmaf') attributes.push('AUDIO="audio"');
  return attributes.join(',');
}

/** None for sound alone. */
function pictureAttributes({ rendition, planned }: Variant): string[] {
  const picture = rendition?.description.config ?? planned;
  if (picture === undefined || !('widthPixels' in picture)) return [];
  const attributes = [`RESOLUTION=${picture.widthPixels}x${picture.heightPixels}`];
  const fps = rendition?.description.frameRate ?? planned?.frameRate ?? nominalFps(rendition);
  if (fps !== undefined) attributes.push(`FRAME-RATE=${fps.toFixed(3)}`);
  // Players that are not told look for captions inside segments first; shaka even in one that is still being made, and fails.
  attributes.push('CLOSED-CAPTIONS=NONE');
  return attributes;
}

function nominalFps(rendition: RenditionWindow | undefined): number | undefined {
  const config = rendition?.description.config;
  return config?.kind === 'video' ? config.nominalFps : undefined;
}

/** Packets of a segment that carry no frame: tables, and what completes the cycle of each continuity counter. */
const tsFillPackets = 80;

/** What MPEG-TS adds: 4 bytes of each packet's 188, per frame a PES header and half a packet of stuffing, and the fill. */
function tsBitrateBps(cmafBps: number, stream: StreamWindow, members: readonly Variant[]): number {
  const framesPerSecond = members.reduce((total, one) => total + unitsPerSecond(one), 0);
  const fillBps = (tsFillPackets * 188 * 8) / stream.stream.targetDurationSeconds;
  return Math.ceil((cmafBps * (188 / 184) + framesPerSecond * (20 + 92) * 8 + fillBps) / 1000) * 1000;
}

function unitsPerSecond({ rendition, planned }: Variant): number {
  const config = rendition?.description.config;
  if (config?.kind === 'audio') return config.sampleRateHz / config.samplesPerFrame;
  return planned?.frameRate ?? nominalFps(rendition) ?? 60;
}
