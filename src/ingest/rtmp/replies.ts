import type { StreamctlError } from '../../base/errors.ts';
import type { AmfObject, AmfValue } from '../../rtmp/amf0.ts';
import { writeCommand } from '../../rtmp/command.ts';
import {
  bandwidthLimit,
  userControlEvent,
  writeControlValue,
  writePeerBandwidth,
  writeUserControl,
} from '../../rtmp/control.ts';
import { chunkStream, messageType, type OutgoingMessage } from '../../rtmp/message.ts';
import type { PublisherDismissal } from '../../stream/publication.ts';

/** After how many bytes we want to hear, and acknowledge if the peer asks for nothing else. */
export const acknowledgementWindowBytes = 2_500_000;
/** Of what we send: every answer fits into one chunk. */
export const replyChunkSizeBytes = 4096;

/** What a NetStream or NetConnection status object says. */
export interface Status {
  readonly level: 'status' | 'error';
  readonly code: string;
  readonly description: string;
}

export function connectPreamble(): OutgoingMessage[] {
  return [
    writeControlValue(messageType.windowAckSize, acknowledgementWindowBytes),
    writePeerBandwidth(acknowledgementWindowBytes, bandwidthLimit.dynamic),
    writeControlValue(messageType.setChunkSize, replyChunkSizeBytes),
  ];
}

/** `capabilities`: of Enhanced RTMP, for those who asked. */
export function connectResult(transactionId: number, capabilities: AmfObject): OutgoingMessage {
  const status = { level: 'status', code: 'NetConnection.Connect.Success', description: 'Connection succeeded.' };
  const server = { fmsVer: 'FMS/3,0,1,123', capabilities: 31 }; // what encoders look for, since 2008
  return reply('_result', transactionId, [
    { ...server, ...capabilities },
    { ...status, objectEncoding: 0 },
  ]);
}

/** `_result`, or `_error`, with the transaction id the peer waits for; hardware encoders hang without it. */
export function reply(name: '_result' | '_error', transactionId: number, values: AmfValue[]): OutgoingMessage {
  return command(0, name, transactionId, values);
}

export function statusReply(transactionId: number, status: Status): OutgoingMessage {
  return reply('_error', transactionId, [null, { ...status } as AmfObject]);
}

export function onStatus(streamId: number, status: Status): OutgoingMessage {
  return command(streamId, 'onStatus', 0, [null, { ...status } as AmfObject]);
}

export function streamBegin(streamId: number): OutgoingMessage {
  return writeUserControl({ event: userControlEvent.streamBegin, value: streamId });
}

/** Nothing follows on the stream (RTMP 1.0 §7.1.7). */
export function streamEof(streamId: number): OutgoingMessage {
  return writeUserControl({ event: userControlEvent.streamEof, value: streamId });
}

export const publishStarted: Status = {
  level: 'status',
  code: 'NetStream.Publish.Start',
  description: 'Publishing.',
};

export const unpublished: Status = {
  level: 'status',
  code: 'NetStream.Unpublish.Success',
  description: 'The broadcast has ended.',
};

export const playRefused: Status = {
  level: 'error',
  code: 'NetStream.Play.Failed',
  description: 'This server takes streams by RTMP and shows them by HTTP: open the watch link in a browser.',
};

/** A refusal in the words a person sees in the encoder. */
export function refusal(code: string, error: StreamctlError): Status {
  return { level: 'error', code, description: `${error.message} ${error.remedy}` };
}

/** How publishing was refused: a name that cannot be, somebody who may not, or a server that cannot. */
export function publishRefusalCode(error: StreamctlError): string {
  if (error.httpStatus === 401 || error.httpStatus === 403) return 'NetStream.Publish.Unauthorized';
  return error.httpStatus >= 500 ? 'NetStream.Publish.Failed' : 'NetStream.Publish.BadName';
}

const dismissals: Record<PublisherDismissal, Status> = {
  replaced: {
    level: 'error',
    code: 'NetStream.Publish.BadName',
    description: 'Another publisher with this stream key has taken over.',
  },
  // An error, because encoders show its words; NetStream.Unpublish.Success they take for a broken connection.
  operator: {
    level: 'error',
    code: 'NetStream.Publish.Rejected',
    description: 'The broadcast was stopped by the operator.',
  },
  key_revoked: {
    level: 'error',
    code: 'NetStream.Publish.Unauthorized',
    description: 'The stream key was revoked.',
  },
  policy: {
    level: 'error',
    code: 'NetStream.Publish.Rejected',
    description: 'The broadcast goes beyond what this stream key allows.',
  },
  shutdown: { ...unpublished, description: 'The server is shutting down; connect again in a moment.' },
};

/**
 * What a publisher is told when it is sent away; `error` says it in more words. One that understands it is asked to reconnect
 * (Enhanced RTMP v2).
 */
export function dismissal(
  streamId: number,
  reason: PublisherDismissal,
  canReconnect: boolean,
  error?: StreamctlError,
): OutgoingMessage {
  const status = error === undefined ? dismissals[reason] : refusal(dismissals[reason].code, error);
  if (reason !== 'shutdown' || !canReconnect) return onStatus(streamId, status);
  return onStatus(0, { ...status, code: 'NetConnection.Connect.ReconnectRequest' });
}

function command(streamId: number, name: string, transactionId: number, values: AmfValue[]): OutgoingMessage {
  return {
    chunkStreamId: chunkStream.command,
    typeId: messageType.amf0Command,
    streamId,
    timestampMs: 0,
    payload: writeCommand({ name, transactionId, values }),
  };
}
