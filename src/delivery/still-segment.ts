import { readFragments } from '../media/mp4/fragment-reader.ts';
import { writeFragment } from '../media/mp4/fragment-writer.ts';
import type { RenditionWindow, Segment } from '../stream/window.ts';

/**
 * A segment in place of one that a grid of numbers promised and an encoder did not make: the keyframe of the newest segment there is
 * before it, shown for as long as the gap lasts. Undefined where there is none that the same init segment serves.
 * `availabilityStartMs`: wall clock of stream time zero.
 */
export function stillSegment(
  rendition: RenditionWindow,
  gap: Segment,
  availabilityStartMs: number,
): Uint8Array | undefined {
  const { config, timescale } = rendition.description;
  const keyframe = keyframeBefore(rendition, gap);
  if (config.kind !== 'video' || keyframe === undefined) return undefined;
  const { data, compositionOffsetTicks } = keyframe;
  return writeFragment({
    sequenceNumber: gap.msn,
    baseDecodeTimeTicks: gap.startTicks,
    kind: 'video',
    samples: [{ sizeBytes: data.length, durationTicks: gap.durationTicks, compositionOffsetTicks, isSync: true }],
    sampleBytes: data,
    segmentStart: {
      producerReferenceTime: {
        ntpWallMs: availabilityStartMs + (gap.startTicks * 1000) / timescale,
        mediaTimeTicks: gap.startTicks,
      },
    },
  });
}

function keyframeBefore(rendition: RenditionWindow, { msn, initVersion }: Segment) {
  const kept = [...rendition.removed.map(({ segment }) => segment), ...rendition.segments];
  const source = kept.findLast((segment) => segment.msn < msn && segment.parts.length > 0);
  const first = source?.parts[0];
  if (source?.initVersion !== initVersion || first?.isIndependent !== true) return undefined;
  return readFragments(first.bytes)[0]?.samples[0];
}
