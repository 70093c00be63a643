/** Message type ids (RTMP 1.0 §5.4, §7.1). */
export const messageType = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowAckSize: 5,
  setPeerBandwidth: 6,
  audio: 8,
  video: 9,
  amf3Data: 15,
  amf3Command: 17,
  amf0Data: 18,
  amf0Command: 20,
  aggregate: 22,
} as const;

/** One RTMP message. From a reader it is valid only during the call it is passed in: header and payload are reused after it. */
export interface RtmpMessage {
  readonly typeId: number;
  /** Message stream: 0 for control and connection commands, else what createStream gave. */
  readonly streamId: number;
  /** Milliseconds modulo 2^32. */
  readonly timestampMs: number;
  readonly payload: Uint8Array;
  /** When its first bytes were read, monotonic ms; what is to be sent has none. */
  readonly arrivedAtMs?: number | undefined;
}

/** A message to send, with the chunk stream it shall travel on (2…65599). */
export interface OutgoingMessage extends RtmpMessage {
  readonly chunkStreamId: number;
}

/** Chunk streams as most implementations number them; only 2 is prescribed (RTMP 1.0 §5.4). */
export const chunkStream = { control: 2, command: 3, data: 4, audio: 4, video: 6, publish: 8 } as const;

/** Bytes a chunk's payload has until somebody sets another size (RTMP 1.0 §5.4.1). */
export const defaultChunkSizeBytes = 128;
/** Set Chunk Size carries 31 bits, but no message is longer than 24 bits can say. */
export const maxChunkSizeBytes = 0xffffff;
