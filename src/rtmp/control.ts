import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { chunkStream, messageType, type OutgoingMessage, type RtmpMessage } from './message.ts';

/** User control events (RTMP 1.0 §7.1.7). */
export const userControlEvent = {
  streamBegin: 0,
  streamEof: 1,
  streamDry: 2,
  setBufferLength: 3,
  streamIsRecorded: 4,
  pingRequest: 6,
  pingResponse: 7,
} as const;

export interface UserControl {
  readonly event: number;
  /** Stream id or timestamp, by event. 0 when the message is shorter. */
  readonly value: number;
}

/** How a peer bandwidth limit is meant (RTMP 1.0 §5.4.5). */
export const bandwidthLimit = { hard: 0, soft: 1, dynamic: 2 } as const;

/** The one number of Set Chunk Size, Abort, Acknowledgement and Window Acknowledgement Size. Throws BYTES_SHORT. */
export function readControlValue(message: RtmpMessage): number {
  return new ByteReader(message.payload).u32();
}

export function writeControlValue(typeId: number, value: number): OutgoingMessage {
  return control(typeId, new ByteWriter(4).u32(value).toBytes());
}

export function writePeerBandwidth(windowBytes: number, limit: number): OutgoingMessage {
  return control(messageType.setPeerBandwidth, new ByteWriter(5).u32(windowBytes).u8(limit).toBytes());
}

/** Throws BYTES_SHORT. Unknown events are returned as they are. */
export function readUserControl(message: RtmpMessage): UserControl {
  const reader = new ByteReader(message.payload);
  return { event: reader.u16(), value: reader.remaining >= 4 ? reader.u32() : 0 };
}

export function writeUserControl({ event, value }: UserControl): OutgoingMessage {
  return control(messageType.userControl, new ByteWriter(6).u16(event).u32(value).toBytes());
}

function control(typeId: number, payload: Uint8Array): OutgoingMessage {
  return { chunkStreamId: chunkStream.control, typeId, streamId: 0, timestampMs: 0, payload };
}
