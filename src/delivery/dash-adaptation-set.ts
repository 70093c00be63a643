import { exactFrameRate } from '../media/frame-rate.ts';
import type { RenditionDescription } from '../stream/feed.ts';
import type { RenditionWindow, StreamWindow } from '../stream/window.ts';
import type { ListedPeriod, ListedRendition } from './dash-listing.ts';
import type { DashPeriod } from './dash-period.ts';
import type { DeclaredBitrate } from './declared-bitrate.ts';
import { plannedOf } from './variant.ts';

export interface AdaptationSetOptions {
  readonly stream: StreamWindow;
  readonly bitrate: DeclaredBitrate;
  readonly hasIndependentSegments: boolean;
  readonly id: number;
  readonly kind: 'video' | 'audio';
  readonly period: DashPeriod;
  readonly members: readonly ListedRendition[];
  readonly previous: ListedPeriod | undefined;
  /** Segments may be fetched while they are made. Of a Period that is over there are none, once what plays now is a list. */
  readonly isChunked: boolean;
}

/** All renditions of one kind in a Period. Elements stand in the order of the schema. */
export function writeAdaptationSet(options: AdaptationSetOptions): string[] {
  const { kind, id, members } = options;
  const descriptions = members.map((member) => descriptionOf(options, member));
  const attributes = [`id="${id}"`, `contentType="${kind}"`, `mimeType="${kind}/mp4"`, 'segmentAlignment="true"'];
  if (kind === 'audio' || options.hasIndependentSegments) attributes.push('startWithSAP="1"');
  attributes.push(...maxima(descriptions));
  const lines = [`<AdaptationSet ${attributes.join(' ')}>`];
  const first = descriptions[0]!;
  if (first.config.kind === 'audio') {
    lines.push(
      `<AudioChannelConfiguration schemeIdUri="urn:mpeg:mpegB:cicp:ChannelConfiguration" value="${first.config.channelCount}"/>`,
    );
  }
  lines.push(...continuity(options));
  if (options.isChunked) lines.push(...lowLatencyElements(options, first.timescale));
  lines.push('<Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>');
  for (const [index, member] of members.entries()) {
    lines.push(...writeRepresentation(options, member, descriptions[index]!));
  }
  lines.push('</AdaptationSet>');
  return lines;
}

/** The encoding of a rendition in this Period, which may not be the newest. */
function descriptionOf(
  { stream, period }: AdaptationSetOptions,
  { rendition, segments }: ListedRendition,
): RenditionDescription {
  const { name } = rendition.description;
  const version = segments[0]?.initVersion ?? period.initVersions.get(name);
  const description = (version !== undefined && rendition.descriptions.get(version)) || rendition.description;
  const planned = plannedOf(stream, name);
  if (description.frameRate !== undefined || planned?.frameRate === undefined) return description;
  return { ...description, frameRate: planned.frameRate };
}

function maxima(descriptions: readonly RenditionDescription[]): string[] {
  const videos = descriptions.flatMap(({ config }) => (config.kind === 'video' ? [config] : []));
  if (videos.length === 0) return [];
  const width = Math.max(...videos.map(({ widthPixels }) => widthPixels));
  const height = Math.max(...videos.map(({ heightPixels }) => heightPixels));
  const fps = Math.max(...descriptions.map(({ frameRate }) => frameRate ?? 0));
  const maxFrameRate = fps > 0 ? [`maxFrameRate="${frameRateText(fps)}"`] : [];
  return [`maxWidth="${width}"`, `maxHeight="${height}"`, ...maxFrameRate];
}

/** Tells a player that it may go on without a new start of its decoders (ISO/IEC 23009-1 §5.3.2.4). */
function continuity({ previous, period, members, kind }: AdaptationSetOptions): string[] {
  if (previous === undefined) return [];
  const before = previous.members.filter(({ rendition }) => rendition.description.config.kind === kind);
  const initVersion = (of: DashPeriod, { description }: RenditionWindow) => of.initVersions.get(description.name);
  const isSame =
    before.length === members.length &&
    members.every(
      ({ rendition }) =>
        before.some((one) => one.rendition === rendition) &&
        initVersion(previous.period, rendition) === initVersion(period, rendition),
    );
  if (!isSame) return [];
  const isSeamless = previous.period.discontinuitySequence === period.discontinuitySequence;
  const scheme = isSeamless ? 'period-continuity' : 'period-connectivity';
  return [`<SupplementalProperty schemeIdUri="urn:mpeg:dash:${scheme}:2015" value="${previous.period.id}"/>`];
}

function lowLatencyElements({ stream, period, id }: AdaptationSetOptions, timescale: number): string[] {
  const { availabilityStartMs, partTargetMs } = stream.stream;
  const presentationTime = offsetTicks(period, timescale);
  const wallClock = new Date(Math.round(availabilityStartMs + (presentationTime * 1000) / timescale)).toISOString();
  return [
    `<ProducerReferenceTime id="${id}" inband="true" type="encoder" wallClockTime="${wallClock}" presentationTime="${presentationTime}">`,
    '<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="../../time"/>',
    '</ProducerReferenceTime>',
    `<Resync type="0" dT="${Math.round((partTargetMs * timescale) / 1000)}" marker="true"/>`,
  ];
}

function writeRepresentation(
  options: AdaptationSetOptions,
  member: ListedRendition,
  description: RenditionDescription,
): string[] {
  const { name, config, frameRate } = description;
  const attributes = [
    `id="${name}"`,
    `bandwidth="${options.bitrate.peakBps(name, member.rendition)}"`,
    `codecs="${config.codecString}"`,
  ];
  if (config.kind === 'audio') attributes.push(`audioSamplingRate="${config.sampleRateHz}"`);
  else {
    attributes.push(`width="${config.widthPixels}"`, `height="${config.heightPixels}"`);
    if (frameRate !== undefined) attributes.push(`frameRate="${frameRateText(frameRate)}"`);
  }
  return [
    `<Representation ${attributes.join(' ')}>`,
    ...segmentTemplate(options, member, description),
    '</Representation>',
  ];
}

function segmentTemplate(
  { stream, period, isChunked }: AdaptationSetOptions,
  { segments }: ListedRendition,
  { name, timescale, init }: RenditionDescription,
): string[] {
  const { addressing } = period;
  const common = [
    `timescale="${timescale}"`,
    `presentationTimeOffset="${offsetTicks(period, timescale)}"`,
    `initialization="${name}/init-${init.version}.mp4"`,
    `media="${name}/segment-$Number$.m4s"`,
  ];
  if (addressing.mode === 'number') {
    const { segmentSeconds } = addressing;
    const ato = Number(Math.max(0, segmentSeconds - stream.stream.partTargetMs / 1000).toFixed(3));
    const early = isChunked ? ` availabilityTimeOffset="${ato}" availabilityTimeComplete="false"` : '';
    return [
      `<SegmentTemplate ${common.join(' ')} startNumber="${period.firstMsn}" duration="${Math.round(segmentSeconds * timescale)}"${early}/>`,
    ];
  }
  return [
    `<SegmentTemplate ${common.join(' ')} startNumber="${segments[0]!.msn}">`,
    '<SegmentTimeline>',
    ...timelineRuns(segments),
    '</SegmentTimeline>',
    '</SegmentTemplate>',
  ];
}

function timelineRuns(segments: ListedRendition['segments']): string[] {
  const runs: { t: number | undefined; d: number; r: number }[] = [];
  let expected: number | undefined;
  for (const { startTicks, durationTicks } of segments) {
    const last = runs.at(-1);
    if (last !== undefined && startTicks === expected && last.d === durationTicks) last.r++;
    else runs.push({ t: startTicks === expected ? undefined : startTicks, d: durationTicks, r: 0 });
    expected = startTicks + durationTicks;
  }
  return runs.map(({ t, d, r }) => `<S${t === undefined ? '' : ` t="${t}"`} d="${d}"${r === 0 ? '' : ` r="${r}"`}/>`);
}

/** Presentation time on the MPD's timeline is stream time: a Period's media offset is its start. */
function offsetTicks({ startSeconds }: DashPeriod, timescale: number): number {
  return Math.round(startSeconds * timescale);
}

function frameRateText(fps: number): string {
  const { numerator, denominator } = exactFrameRate(fps);
  return denominator === 1 ? String(numerator) : `${numerator}/${denominator}`;
}
