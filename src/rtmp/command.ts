import { StreamctlError } from '../base/errors.ts';
import { AmfReader, type AmfValue, AmfWriter } from './amf0.ts';
import { messageType, type RtmpMessage } from './message.ts';

/** A command message (RTMP 1.0 §7.1.1): `values` are the command object, or null, and the arguments after it. */
export interface RtmpCommand {
  readonly name: string;
  /** 0 when no answer is wanted, and from GStreamer always. */
  readonly transactionId: number;
  readonly values: readonly AmfValue[];
}

/** Reads an AMF0 command, or an AMF3 one, which is AMF0 behind a format byte. Throws AMF_INVALID or BYTES_SHORT. */
export function readCommand(message: RtmpMessage): RtmpCommand {
  const reader = new AmfReader(amf0Body(message));
  const name = reader.value();
  if (typeof name !== 'string') throw new StreamctlError('AMF_INVALID', { reason: 'a command without a name' });
  const transactionId = reader.isAtEnd ? 0 : reader.value();
  return {
    name,
    transactionId: typeof transactionId === 'number' ? transactionId : 0,
    values: readRest(reader),
  };
}

/** The payload of a message of type `amf0Command`. */
export function writeCommand(command: RtmpCommand): Uint8Array {
  const writer = new AmfWriter().value(command.name).value(command.transactionId);
  for (const value of command.values) writer.value(value);
  return writer.toBytes();
}

/** Reads a data message (RTMP 1.0 §7.1.2): `@setDataFrame`, `onMetaData`, {…}. */
export function readData(message: RtmpMessage): AmfValue[] {
  return readRest(new AmfReader(amf0Body(message)));
}

/** The payload of a message of type `amf0Data` that announces metadata, as encoders send it. */
export function writeMetadata(properties: Record<string, AmfValue>): Uint8Array {
  return new AmfWriter().value('@setDataFrame').value('onMetaData').ecmaArray(properties).toBytes();
}

function readRest(reader: AmfReader): AmfValue[] {
  const values: AmfValue[] = [];
  while (!reader.isAtEnd) values.push(reader.value());
  return values;
}

function amf0Body({ typeId, payload }: RtmpMessage): Uint8Array {
  const hasFormatByte = typeId === messageType.amf3Command || typeId === messageType.amf3Data;
  return hasFormatByte && payload[0] === 0 ? payload.subarray(1) : payload;
}
