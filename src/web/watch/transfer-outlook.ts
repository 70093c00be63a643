/** A download of media that is under way: a part, or a whole segment. */
export interface TransferUnderWay {
  readonly sinceRequestMs: number;
  /** Undefined while nothing has come. */
  readonly sinceFirstByteMs: number | undefined;
  readonly loadedBytes: number;
  /** As announced, or as the bit rate lets expect. */
  readonly totalBytes: number;
  /** How long it plays. */
  readonly mediaSeconds: number;
  /** How much of the segment comes before it. Another quality begins at a segment's start, so that much is fetched again. */
  readonly beforeSeconds: number;
  /** How long the segment will be. */
  readonly segmentSeconds: number;
}

/** What else there is to go by. */
export interface Circumstances {
  /** Media ahead of the picture on screen. */
  readonly bufferSeconds: number;
  /** Of the lowest quality, with its sound. */
  readonly lowestBps: number;
}

/** A judgement needs so much time: half of what a part plays is enough to see that it will not come in time. */
const leastObservationMs = 200;
const mostObservationMs = 400;
/** A browser hands on bytes in pieces of up to this size; of the next one nothing is known before it is whole. */
const pieceBytes = 64 * 1024;
/** A transfer that takes longer than it plays, by this much, cannot go on. */
const tolerance = 1.1;
/** What is nearly there is waited for. */
const nearlySeconds = 0.15;
/** What uses up no more of the buffer than this is not thrown away. */
const patientShare = 0.25;
const boundarySeconds = 0.1;

/** Bits per second so far, and the most that they can have been; undefined while that cannot be said. */
export function rateOf({
  sinceRequestMs,
  sinceFirstByteMs,
  loadedBytes,
  mediaSeconds,
}: TransferUnderWay): { readonly seenBps: number; readonly highestBps: number } | undefined {
  const observationMs = Math.min(mostObservationMs, Math.max(leastObservationMs, mediaSeconds * 500));
  // An answer that does not even begin is a network that stands, but only after the longest round trip.
  const observedMs = sinceFirstByteMs ?? sinceRequestMs - mostObservationMs;
  if (observedMs < observationMs) return undefined;
  return {
    seenBps: (loadedBytes * 8000) / observedMs,
    highestBps: ((loadedBytes + pieceBytes) * 8000) / observedMs,
  };
}

/** Whether the segment ends with it, so that another quality can follow at once. */
export function endsSegment({
  beforeSeconds,
  mediaSeconds,
  segmentSeconds,
}: Pick<TransferUnderWay, 'beforeSeconds' | 'mediaSeconds' | 'segmentSeconds'>): boolean {
  return beforeSeconds + mediaSeconds > segmentSeconds - boundarySeconds;
}

/**
 * What serves the viewer best: to `wait` for the transfer; to go on in a lower quality behind it, because it takes longer than it
 * plays and eats into the buffer; or to give it up for a lower quality now, because that would be no nearer once it is there.
 */
export function outlookOf(
  transfer: TransferUnderWay,
  { bufferSeconds, lowestBps }: Circumstances,
): 'wait' | 'fall-behind-it' | 'give-up' {
  const rate = rateOf(transfer);
  if (rate === undefined) return 'wait';
  const { sinceFirstByteMs, sinceRequestMs, mediaSeconds, beforeSeconds } = transfer;
  const remainingSeconds = (Math.max(0, transfer.totalBytes - transfer.loadedBytes) * 8) / rate.highestBps;
  if (remainingSeconds < nearlySeconds) return 'wait';
  const passedSeconds = (sinceFirstByteMs ?? sinceRequestMs) / 1000;
  if (passedSeconds + remainingSeconds < mediaSeconds * tolerance) return 'wait';
  if (remainingSeconds < bufferSeconds * patientShare) return 'fall-behind-it';
  // Behind the segment's last part the other quality begins with the next one; before, with this one again.
  const againSeconds = ((beforeSeconds + mediaSeconds) * lowestBps) / rate.highestBps;
  return endsSegment(transfer) && remainingSeconds < againSeconds ? 'fall-behind-it' : 'give-up';
}
