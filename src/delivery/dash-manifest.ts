import type { StreamWindow } from '../stream/window.ts';
import { writeAdaptationSet } from './dash-adaptation-set.ts';
import { isLowLatency, type ListedPeriod, mediaEnd } from './dash-listing.ts';
import type { DeclaredBitrate } from './declared-bitrate.ts';

export interface ManifestOptions {
  readonly stream: StreamWindow;
  readonly isByChannel: boolean;
  readonly bitrate: DeclaredBitrate;
  readonly hasIndependentSegments: boolean;
}

/** Live MPD (ISO/IEC 23009-1), without its publishTime: that depends on when it last changed. */
export function writeManifest(
  options: ManifestOptions,
  listed: readonly ListedPeriod[],
): (publishTime: string) => string {
  const { stream, isByChannel } = options;
  const { streamId } = stream.stream;
  const head = (publishTime: string) => [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<MPD ${mpdAttributes(options, listed, publishTime).join(' ')}>`,
  ];
  const body = isByChannel
    ? [`<BaseURL>../${streamId}/</BaseURL>`, `<Location>../${streamId}/manifest.mpd</Location>`]
    : [];
  const current = listed.at(-1);
  if (current !== undefined && isLowLatency(current.period))
    body.push(serviceDescription(current, stream.stream.partTargetMs));
  for (const [index, entry] of listed.entries()) body.push(...writePeriod(options, listed, entry, index));
  // Two levels up from /dash/<id>/manifest.mpd, whatever stands before /dash.
  body.push('<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="../../time"/>', '</MPD>', '');
  const text = body.join('\n');
  return (publishTime) => `${head(publishTime).join('\n')}\n${text}`;
}

function mpdAttributes({ stream }: ManifestOptions, listed: readonly ListedPeriod[], publishTime: string): string[] {
  const { availabilityStartMs, targetDurationSeconds, partTargetMs, windowMs } = stream.stream;
  const current = listed.at(-1);
  const isLow = current !== undefined && isLowLatency(current.period);
  const profiles = ['urn:mpeg:dash:profile:isoff-live:2011', 'urn:mpeg:dash:profile:cmaf:2019'];
  if (isLow) profiles.push('http://www.dashif.org/guidelines/low-latency-live-v5');
  const attributes = [
    'xmlns="urn:mpeg:dash:schema:mpd:2011"',
    `profiles="${profiles.join(',')}"`,
    'type="dynamic"',
    `availabilityStartTime="${new Date(availabilityStartMs).toISOString()}"`,
    `publishTime="${publishTime}"`,
    `timeShiftBufferDepth="${duration(windowMs / 1000)}"`,
    `maxSegmentDuration="${duration(targetDurationSeconds + 0.5)}"`,
    `minBufferTime="${duration(isLow ? partTargetMs / 1000 : targetDurationSeconds)}"`,
    `suggestedPresentationDelay="${duration(3 * targetDurationSeconds)}"`,
  ];
  if (!stream.isEnded) attributes.push(`minimumUpdatePeriod="${duration(targetDurationSeconds / 2)}"`);
  else if (current !== undefined) attributes.push(`mediaPresentationDuration="${duration(mediaEnd(current))}"`);
  return attributes;
}

/** The latency is that of the ProducerReferenceTime of the first AdaptationSet, which has the same id. */
function serviceDescription({ members }: ListedPeriod, partTargetMs: number): string {
  const hasVideo = members.some(({ rendition }) => rendition.description.config.kind === 'video');
  const latency = `target="${4 * partTargetMs}" min="${2 * partTargetMs}" max="${12 * partTargetMs}"`;
  return `<ServiceDescription id="0"><Latency referenceId="${hasVideo ? 1 : 2}" ${latency}/><PlaybackRate min="0.96" max="1.04"/></ServiceDescription>`;
}

function writePeriod(
  options: ManifestOptions,
  listed: readonly ListedPeriod[],
  entry: ListedPeriod,
  index: number,
): string[] {
  const { period, members } = entry;
  const attributes = [`id="${period.id}"`, `start="${duration(period.startSeconds)}"`];
  const durationSeconds = endedDuration(entry, listed[index + 1]);
  if (durationSeconds !== undefined) attributes.push(`duration="${duration(durationSeconds)}"`);
  const lines = [`<Period ${attributes.join(' ')}>`];
  for (const [id, kind] of [
    [1, 'video'],
    [2, 'audio'],
  ] as const) {
    const ofKind = members.filter(({ rendition }) => rendition.description.config.kind === kind);
    if (ofKind.length === 0) continue;
    const isChunked = isLowLatency(period) && isLowLatency(listed.at(-1)!.period);
    lines.push(
      ...writeAdaptationSet({
        ...options,
        ...{ id, kind, period, members: ofKind, previous: listed[index - 1], isChunked },
      }),
    );
  }
  lines.push('</Period>');
  return lines;
}

/**
 * Said of every grid that has an end, or it would seem to go on; and when media ends before another Period begins, for a list
 * would leave the hole unexplained.
 */
function endedDuration(entry: ListedPeriod, next: ListedPeriod | undefined): number | undefined {
  const { period } = entry;
  const { addressing, end, firstMsn, startSeconds } = period;
  if (end === undefined || (next === undefined && addressing.mode !== 'number')) return undefined;
  const isGoingOn = next !== undefined && Math.abs(next.period.startSeconds - end.seconds) < 0.001;
  if (!isGoingOn) return mediaEnd(entry) - startSeconds;
  if (addressing.mode !== 'number') return undefined;
  return Math.min(next.period.startSeconds - startSeconds, (end.msn - firstMsn) * addressing.segmentSeconds);
}

/** An xs:duration. */
function duration(seconds: number): string {
  return `PT${Number(seconds.toFixed(6))}S`;
}
