import { isStreamctlError } from '../../base/errors.ts';
import { readData } from '../../rtmp/command.ts';
import type { RtmpMessage } from '../../rtmp/message.ts';

/** What an encoder calls itself, fit for a log: 64 printable characters at most. */
export function readEncoderName(value: unknown): string {
  if (typeof value !== 'string') return '';
  const printable = value.slice(0, 256).replaceAll(/\P{ASCII}|\p{Cc}/gu, '');
  return printable.trim().slice(0, 64);
}

/**
 * The encoder's name in a metadata message, if it has one. The rest of metadata is not looked at: what it says about
 * the media is wrong too often, and the bitstream is not.
 */
export function encoderOfMetadata(message: RtmpMessage): string | undefined {
  try {
    for (const value of readData(message)) {
      if (value === null || typeof value !== 'object' || Array.isArray(value) || value instanceof Date) continue;
      const name = readEncoderName(value.encoder);
      if (name !== '') return name;
    }
  } catch (error) {
    if (!isStreamctlError(error)) throw error; // nothing depends on metadata
  }
  return undefined;
}
