import type { Continuity, RenditionContinuity } from './continuity.ts';
import type { FeedMessage } from './feed.ts';
import type { RenditionWindow, StreamWindow } from './window.ts';

/**
 * What is to be said of a stream whose maker died between two messages, so that every list of it is true again: open segments
 * end with the parts they have, and all renditions come to the same number.
 */
export function closingMessages({ stream, renditions }: StreamWindow): FeedMessage[] {
  const { streamId } = stream;
  const messages: FeedMessage[] = [];
  const lastListed = new Map<RenditionWindow, number>();
  for (const rendition of renditions.values()) {
    const { name } = rendition.description;
    const open = rendition.lastSegment?.isComplete === false ? rendition.lastSegment : undefined;
    if (open?.parts.length === 0) messages.push({ type: 'segment-abandoned', streamId, rendition: name });
    else if (open !== undefined) messages.push({ type: 'segment-end', streamId, rendition: name, msn: open.msn });
    const last = open?.parts.length === 0 ? rendition.lastComplete : rendition.lastSegment;
    lastListed.set(rendition, last?.msn ?? 0);
  }
  const newest = [...renditions.values()].sort((a, b) => lastListed.get(b)! - lastListed.get(a)!)[0];
  if (newest === undefined) return messages;
  for (const rendition of renditions.values()) {
    for (let msn = lastListed.get(rendition)! + 1; msn <= lastListed.get(newest)!; msn++) {
      const gap = gapLike(newest, msn, rendition);
      if (gap !== undefined) messages.push({ type: 'gap', streamId, rendition: rendition.description.name, ...gap });
    }
  }
  messages.push({ type: 'interrupted', streamId, interrupted: true });
  return messages;
}

/** Where another packager goes on, exactly, behind what the window lists; undefined when nothing is listed. */
export function continuityOf({ stream, renditions }: StreamWindow): Continuity | undefined {
  const { availabilityStartMs, targetDurationSeconds, partTargetMs } = stream;
  let nextMsn = 0;
  let discontinuitySequence = 0;
  let endMs = 0;
  for (const { lastSegment, description } of renditions.values()) {
    if (lastSegment === undefined) continue;
    nextMsn = Math.max(nextMsn, lastSegment.msn + 1);
    discontinuitySequence = Math.max(discontinuitySequence, lastSegment.discontinuitySequence);
    const endTicks = lastSegment.startTicks + lastSegment.durationTicks;
    endMs = Math.max(endMs, (endTicks * 1000) / description.timescale);
  }
  if (nextMsn === 0) return undefined;
  return {
    availabilityStartMs,
    targetDurationSeconds,
    partTargetMs,
    nextMsn,
    discontinuitySequence,
    endMs,
    renditions: [...renditions.values()].map(renditionContinuity),
  };
}

function gapLike(source: RenditionWindow, msn: number, target: RenditionWindow) {
  const segment = source.find(msn);
  if (segment === undefined) return undefined;
  const { startTicks, durationTicks, isDiscontinuity, discontinuitySequence } = segment;
  const { timescale, init } = target.description;
  const rescale = (ticks: number) => Math.round((ticks * timescale) / source.description.timescale);
  return {
    segment: {
      msn,
      startTicks: rescale(startTicks),
      isDiscontinuity,
      discontinuitySequence,
      initVersion: init.version,
    },
    durationTicks: Math.max(1, rescale(durationTicks)),
  };
}

function renditionContinuity(rendition: RenditionWindow): RenditionContinuity {
  const { name, config, timescale, decodeDelayTicks, frameRate, init } = rendition.description;
  const measured = { peakBps: rendition.peakBitrateBps, averageBps: rendition.averageBitrateBps };
  return {
    name,
    config,
    timescale,
    initVersion: init.version,
    decodeDelayTicks,
    ...(frameRate === undefined ? {} : { frameRate }),
    ...(measured.averageBps === 0 ? {} : { measured }),
  };
}
