/** A download of media that is under way. */
export interface TransferUnderWay {
  readonly sinceRequestMs: number;
  /** Undefined while nothing has come. */
  readonly sinceFirstByteMs: number | undefined;
  readonly loadedBytes: number;
  /** As announced, or as the bit rate lets expect. */
  readonly totalBytes: number;
  /** How long it plays. */
  readonly mediaSeconds: number;
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
/** Bytes come in pieces of up to this size; of the next one nothing is known before it is whole. */
const pieceBytes = 8 * 1024;
/** A transfer that takes longer than it plays, by this much, cannot go on. */
const tolerance = 1.1;
/** A switch costs a playlist and an init segment. */
const switchSeconds = 0.3;
/** Another quality begins at the segment's start: so much is fetched again, on average. */
const repeatedSeconds = 1;
/** What is nearly there is waited for. */
const nearlySeconds = 0.15;
/** The part of the buffer that a transfer may use up; and up to which it is waited for though a switch would be sooner. */
const bufferShare = 0.6;
const patientShare = 0.25;

/** The most bits per second that the transfer can have had; undefined while that cannot be said. */
export function highestRateBps({
  sinceRequestMs,
  sinceFirstByteMs,
  loadedBytes,
  mediaSeconds,
}: TransferUnderWay): number | undefined {
  const observationMs = Math.min(mostObservationMs, Math.max(leastObservationMs, mediaSeconds * 500));
  // An answer that does not even begin is a network that stands, but only after the longest round trip.
  const observedMs = sinceFirstByteMs ?? sinceRequestMs - mostObservationMs;
  return observedMs < observationMs ? undefined : ((loadedBytes + pieceBytes) * 8000) / observedMs;
}

/**
 * Whether the viewer is served better by giving the transfer up for a lower quality now: it takes longer than it plays, and what
 * is left of it would empty the buffer, or eat into it and take longer than the switch.
 */
export function isBetterGivenUp(transfer: TransferUnderWay, { bufferSeconds, lowestBps }: Circumstances): boolean {
  const rateBps = highestRateBps(transfer);
  if (rateBps === undefined) return false;
  const remainingSeconds = (Math.max(0, transfer.totalBytes - transfer.loadedBytes) * 8) / rateBps;
  const passedSeconds = (transfer.sinceFirstByteMs ?? transfer.sinceRequestMs) / 1000;
  if (remainingSeconds < nearlySeconds) return false;
  if (passedSeconds + remainingSeconds < transfer.mediaSeconds * tolerance) return false;
  if (remainingSeconds > bufferSeconds * bufferShare) return true;
  const lowerSeconds = switchSeconds + ((transfer.mediaSeconds + repeatedSeconds) * lowestBps) / rateBps;
  return remainingSeconds > bufferSeconds * patientShare && remainingSeconds > lowerSeconds;
}
