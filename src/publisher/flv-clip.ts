import { readFile } from 'node:fs/promises';
import { StreamctlError } from '../base/errors.ts';
import { FlvReader, type FlvTagType } from '../media/flv/file.ts';
import { AmfWriter } from '../rtmp/amf0.ts';

/** A message of a clip, ready to be sent. */
export interface ClipTag {
  readonly type: FlvTagType;
  /** From the beginning of the clip. */
  readonly offsetMs: number;
  readonly body: Uint8Array;
  /** Not metadata, not a sequence header. */
  readonly isFrame: boolean;
}

/** An FLV file in memory: any number of publishers may send it at once. */
export interface FlvClip {
  /** In file order, from the metadata and sequence headers on, which are thereby sent again with each round of a loop. */
  readonly tags: readonly ClipTag[];
  /** From the first frame to the end of the last, so that in a loop the next round begins in time. */
  readonly durationMs: number;
}

const legacyAvcCodecId = 7;
const legacyAacFormat = 10;

/** Throws PUBLISH_FILE_UNREADABLE, PUBLISH_FILE_EMPTY, or MEDIA_MALFORMED when it is not FLV. */
export async function loadClip(path: string): Promise<FlvClip> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new StreamctlError('PUBLISH_FILE_UNREADABLE', { path, reason }, { cause });
  }
  const clip = readClip(bytes);
  if (clip === undefined) throw new StreamctlError('PUBLISH_FILE_EMPTY', { path });
  return clip;
}

/** Undefined when there is no frame in it. A tag that is cut at the end of the file is left out. */
export function readClip(bytes: Uint8Array): FlvClip | undefined {
  const reader = new FlvReader();
  reader.push(bytes);
  const tags: ClipTag[] = [];
  let originMs: number | undefined;
  for (let tag = reader.next(); tag !== undefined; tag = reader.next()) {
    if (tag.type === 'video' && isEndOfSequence(tag.body)) continue; // a broadcast that goes on must not say it ends
    if (tag.type !== 'script') originMs ??= tag.timestampMs;
    const offsetMs = Math.max(0, tag.timestampMs - (originMs ?? tag.timestampMs));
    if (tag.type === 'script') tags.push({ type: tag.type, offsetMs, body: asSetDataFrame(tag.body), isFrame: false });
    else tags.push({ type: tag.type, offsetMs, body: tag.body, isFrame: !isSequenceHeader(tag.type, tag.body) });
  }
  const durationMs = Math.max(trackDurationMs(tags, 'video'), trackDurationMs(tags, 'audio'));
  return durationMs === 0 ? undefined : { tags, durationMs };
}

/** A track lasts from its first frame to its last and one average frame more. */
function trackDurationMs(tags: readonly ClipTag[], type: FlvTagType): number {
  const times = tags.filter((tag) => tag.type === type && tag.isFrame).map((tag) => tag.offsetMs);
  const [firstMs = 0] = times;
  const spanMs = (times.at(-1) ?? 0) - firstMs;
  return times.length < 2 ? spanMs : Math.round((spanMs * times.length) / (times.length - 1));
}

/** Sequence headers of legacy tags (FLV 10.1 §E.4.2, §E.4.3) and of Enhanced RTMP, whose packet type 0 says the same. */
function isSequenceHeader(type: FlvTagType, body: Uint8Array): boolean {
  const first = body[0] ?? 0;
  const isEnhanced = type === 'video' ? (first & 0x80) !== 0 : first >> 4 === 9;
  if (isEnhanced) return (first & 0x0f) === 0;
  return (type === 'video' || first >> 4 === legacyAacFormat) && body[1] === 0;
}

function isEndOfSequence(body: Uint8Array): boolean {
  const first = body[0] ?? 0;
  if ((first & 0x80) !== 0) return (first & 0x0f) === 2;
  return (first & 0x0f) === legacyAvcCodecId && body[1] === 2;
}

/** A file says `onMetaData`; a publisher says `@setDataFrame`, `onMetaData`. */
function asSetDataFrame(body: Uint8Array): Uint8Array {
  const command = new AmfWriter().value('@setDataFrame').toBytes();
  const message = new Uint8Array(command.length + body.length);
  message.set(command);
  message.set(body, command.length);
  return message;
}
