import { expect, test } from 'vitest';
import { readCommand, readData, writeCommand, writeMetadata } from '../../src/rtmp/command.ts';
import {
  readControlValue,
  readUserControl,
  writeControlValue,
  writePeerBandwidth,
  writeUserControl,
} from '../../src/rtmp/control.ts';
import { messageType } from '../../src/rtmp/message.ts';

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
}

const header = { streamId: 0, timestampMs: 0 };

test('control values are four bytes, both ways', () => {
  const message = writeControlValue(messageType.windowAckSize, 2_500_000);
  expect(Buffer.from(message.payload)).toEqual(hex('002625a0'));
  expect(readControlValue(message)).toBe(2_500_000);
});

test('a peer bandwidth is a window and how it is meant', () => {
  expect(Buffer.from(writePeerBandwidth(2_500_000, 2).payload)).toEqual(hex('002625a002'));
});

test('user control events are six bytes, both ways', () => {
  const message = writeUserControl({ event: 6, value: 0x01020304 });
  expect(Buffer.from(message.payload)).toEqual(hex('000601020304'));
  expect(readUserControl(message)).toEqual({ event: 6, value: 0x01020304 });
});

test('an event without its value is read as far as it goes', () => {
  const message = { ...header, typeId: messageType.userControl, payload: hex('0020') };
  expect(readUserControl(message)).toEqual({ event: 32, value: 0 });
});

test('a command of ffmpeg is read and written to the same bytes', () => {
  const payload = hex('02 000c 6372656174655374 7265616d 00 4010000000000000 05');
  const command = readCommand({ ...header, typeId: messageType.amf0Command, payload });
  expect(command).toEqual({ name: 'createStream', transactionId: 4, values: [null] });
  expect(Buffer.from(writeCommand(command))).toEqual(payload);
});

test('a command without a transaction id has none', () => {
  const payload = hex('02 0004 706c6179');
  expect(readCommand({ ...header, typeId: messageType.amf0Command, payload }).transactionId).toBe(0);
});

test('a command without a name is refused', () => {
  const payload = hex('00 4010000000000000');
  expect(() => readCommand({ ...header, typeId: messageType.amf0Command, payload })).toThrow(/without a name/);
});

test('metadata is written as encoders send it, and read with or without the AMF3 format byte', () => {
  const payload = writeMetadata({ width: 1280, encoder: 'x' });
  const values = ['@setDataFrame', 'onMetaData', { width: 1280, encoder: 'x' }];
  expect(readData({ ...header, typeId: messageType.amf0Data, payload })).toEqual(values);
  const amf3 = Buffer.concat([Buffer.of(0), payload]);
  expect(readData({ ...header, typeId: messageType.amf3Data, payload: amf3 })).toEqual(values);
});
