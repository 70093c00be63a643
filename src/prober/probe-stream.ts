import { listPlaylist } from '../load/media-playlist.ts';
import type { PortAnswer } from './own-port.ts';

/** Why a broadcast could not be played. */
export const probeFailures = ['unreachable', 'refused', 'malformed', 'stale', 'slow'] as const;
export type ProbeFailure = (typeof probeFailures)[number];

/** `detail`: for the operator. */
export type ProbeResult =
  | { readonly isGood: true }
  | { readonly isGood: false; readonly why: ProbeFailure; readonly detail: string };

export interface ProbeMeans {
  /** Rejects when there is no answer. */
  readonly get: (path: string) => Promise<PortAnswer>;
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
}

/** A viewer's newest media is no older than this many target durations. */
const freshTargetDurations = 3;
/** A segment that was listed is to be had within this time. */
const segmentWithinMs = 1000;

class Refusal extends Error {
  readonly why: ProbeFailure;

  constructor(why: ProbeFailure, detail: string) {
    super(detail);
    this.why = why;
  }
}

/** Plays a broadcast as a viewer does: multivariant playlist, media playlist, newest segment. Never rejects. */
export async function probeStream(path: string, means: ProbeMeans): Promise<ProbeResult> {
  try {
    const variant = variantIn(await text(path, means));
    const playlistPath = resolved(path, variant);
    const playlist = listOf(await text(playlistPath, means), playlistPath);
    const newest = playlist.segments.at(-1);
    const endMs = Math.max(newest?.endMs ?? 0, playlist.parts.at(-1)?.endMs ?? 0);
    const ageMs = means.wallMs() - endMs;
    if (newest === undefined || ageMs > freshTargetDurations * playlist.targetDurationMs) {
      const age = newest === undefined ? 'nothing is listed' : `the newest media ended ${Math.round(ageMs)} ms ago`;
      throw new Refusal('stale', `${playlistPath}: ${age}`);
    }
    const segmentPath = resolved(playlistPath, newest.uri);
    const sinceMs = means.monotonicMs();
    const segment = await whole(segmentPath, means);
    const tookMs = means.monotonicMs() - sinceMs;
    if (!isMedia(segment)) throw new Refusal('malformed', `${segmentPath} is not a CMAF segment`);
    if (tookMs > segmentWithinMs) throw new Refusal('slow', `${segmentPath} took ${Math.round(tookMs)} ms`);
    return { isGood: true };
  } catch (error) {
    if (error instanceof Refusal) return { isGood: false, why: error.why, detail: error.message };
    return { isGood: false, why: 'unreachable', detail: (error as Error).message };
  }
}

/** The publisher's own where it is offered: to ask for another might be what has it made. */
function variantIn(multivariant: string): string {
  const uris = multivariant.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const uri = uris.find((one) => /(?:^|\/)source\//.test(one)) ?? uris[0];
  if (uri === undefined) throw new Refusal('malformed', 'the multivariant playlist lists nothing');
  return uri;
}

function listOf(playlist: string, path: string) {
  try {
    return listPlaylist(playlist);
  } catch (error) {
    throw new Refusal('malformed', `${path}: ${(error as Error).message}`);
  }
}

async function text(path: string, means: ProbeMeans): Promise<string> {
  return (await whole(path, means)).toString();
}

async function whole(path: string, { get }: ProbeMeans): Promise<Buffer> {
  const { status, body } = await get(path);
  if (status !== 200) throw new Refusal('refused', `${path} was answered ${status}`);
  return body;
}

function resolved(base: string, uri: string): string {
  const { pathname, search } = new URL(uri, `http://own${base}`);
  return pathname + search;
}

/** Boxes one after another, from the first byte to the last, with at least one `moof` and its `mdat` (ISO/IEC 14496-12 §4.2). */
function isMedia(bytes: Buffer): boolean {
  const types = new Set<string>();
  let at = 0;
  while (at + 8 <= bytes.length) {
    const size = bytes.readUInt32BE(at);
    if (size < 8) return false;
    types.add(bytes.toString('latin1', at + 4, at + 8));
    at += size;
  }
  return at === bytes.length && types.has('moof') && types.has('mdat');
}
