import { setTimeout as delay } from 'node:timers/promises';
import type { OnMedia } from './hls-followers.ts';

/** The live profile with `$Number$` and `@duration` of the first AdaptationSet; times in ms since the epoch. */
interface NumberTemplate {
  readonly media: string;
  readonly startNumber: number;
  readonly segmentMs: number;
  /** When the first segment begins, on the clock of the wall. */
  readonly startMs: number;
  /** Segments may be asked for this long before they are complete (ISO/IEC 23009-1 §5.3.9.5). */
  readonly availabilityOffsetMs: number;
}

/** Undefined when the MPD offers no segments that are still being made. */
export function readLowLatencyMpd(mpd: string): NumberTemplate | undefined {
  const attribute = (pattern: RegExp) => pattern.exec(mpd)?.[1] ?? '';
  const template = /<SegmentTemplate [^>]*availabilityTimeComplete="false"[^>]*>/.exec(mpd)?.[0];
  if (template === undefined) return undefined;
  const inTemplate = (name: string) => new RegExp(` ${name}="([^"]*)"`).exec(template)?.[1] ?? '';
  return {
    media: attribute(/<BaseURL>([^<]*)/) + inTemplate('media'),
    startNumber: Number(inTemplate('startNumber')),
    segmentMs: (Number(inTemplate('duration')) / Number(inTemplate('timescale'))) * 1000,
    startMs:
      Date.parse(attribute(/ availabilityStartTime="([^"]*)"/)) +
      1000 * Number(attribute(/<Period [^>]*start="PT([\d.]+)S"/)),
    availabilityOffsetMs: 1000 * Number(inTemplate('availabilityTimeOffset')),
  };
}

/** Does what a low-latency DASH player does: asks for each segment when the MPD says it may, and reads the chunks as they are made. */
export async function followDash(
  mpdUrl: string,
  mpd: NumberTemplate,
  onMedia: OnMedia,
  signal: AbortSignal,
): Promise<void> {
  const availableAtMs = (number: number) =>
    mpd.startMs + (number - mpd.startNumber + 1) * mpd.segmentMs - mpd.availabilityOffsetMs;
  let number = mpd.startNumber;
  while (availableAtMs(number) < Date.now()) number++;
  try {
    for (; ; number++) {
      await delay(Math.max(0, availableAtMs(number) - Date.now()), undefined, { signal });
      await readChunks(new URL(mpd.media.replace('$Number$', String(number)), mpdUrl).href, onMedia, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function readChunks(url: string, onMedia: OnMedia, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, { signal });
  if (!response.ok || response.body === null) throw new Error(`${url} answered ${response.status}`);
  let held = Buffer.alloc(0);
  for await (const bytes of response.body) {
    held = Buffer.concat([held, bytes]);
    const completeBytes = endOfLastMdat(held);
    if (completeBytes === 0) continue;
    onMedia(held.subarray(0, completeBytes), url, performance.now());
    held = held.subarray(completeBytes);
  }
}

/** Where the last whole mdat of a run of boxes ends; 0 when there is none. */
export function endOfLastMdat(boxes: Buffer): number {
  let endBytes = 0;
  for (let at = 0; at + 8 <= boxes.length; at += boxes.readUInt32BE(at)) {
    const end = at + boxes.readUInt32BE(at);
    if (end <= boxes.length && boxes.toString('latin1', at + 4, at + 8) === 'mdat') endBytes = end;
  }
  return endBytes;
}
