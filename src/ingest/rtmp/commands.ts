import { isStreamctlError, StreamctlError } from '../../base/errors.ts';
import type { AmfObject, AmfValue } from '../../rtmp/amf0.ts';
import { type RtmpCommand, readCommand } from '../../rtmp/command.ts';
import type { OutgoingMessage, RtmpMessage } from '../../rtmp/message.ts';
import type { PublishRequest } from '../publish-gate.ts';
import { canReconnect, isEnhancedClient, serverCapabilities } from './capabilities.ts';
import { readEncoderName } from './encoder-name.ts';
import { applicationName, readApplication, readStreamName } from './publish-target.ts';
import {
  connectPreamble,
  connectResult,
  onStatus,
  playRefused,
  publishRefusalCode,
  refusal,
  reply,
  statusReply,
} from './replies.ts';
import type { SessionState } from './session-state.ts';

/** What a command may do to the session it came in. */
export interface CommandHandler {
  readonly state: SessionState;
  encoder: string;
  /** Understands a request to reconnect (Enhanced RTMP v2, capsEx bit 0). */
  canReconnect: boolean;
  accept(messages: OutgoingMessage[]): void;
  send(messages: readonly OutgoingMessage[]): void;
  /** Says the last words and closes. */
  refuse(error: StreamctlError, lastWords: OutgoingMessage): void;
  requestPublish(request: Pick<PublishRequest, 'app' | 'streamName'>, streamId: number): void;
  /** The publisher ends its broadcast, on this stream or on whichever it is. */
  goodbye(streamId?: number): void;
}

/** The one stream id: a connection carries one broadcast. */
const onlyStreamId = 1;

/** Does what a command message asks for (RTMP 1.0 §7.2). Throws AMF_INVALID or BYTES_SHORT when it cannot be read. */
export function obeyCommand(message: RtmpMessage, session: CommandHandler): void {
  const command = readCommand(message);
  const { name, transactionId, values } = command;
  if (session.state === 'connecting') {
    if (name !== 'connect') throw new StreamctlError('RTMP_COMMAND_UNEXPECTED', { command: known(name) });
    connect(command, session);
    return;
  }
  switch (name) {
    case 'releaseStream':
    case 'FCPublish':
      session.send([reply('_result', transactionId, [null, undefined])]);
      return;
    case 'createStream':
      session.send([reply('_result', transactionId, [null, onlyStreamId])]);
      return;
    case 'publish':
      publish(message.streamId, values[1], session);
      return;
    case 'FCUnpublish':
      session.goodbye();
      session.send([reply('_result', transactionId, [null, undefined])]);
      return;
    case 'closeStream':
      session.goodbye();
      return;
    case 'deleteStream':
      session.goodbye(typeof values[1] === 'number' ? values[1] : undefined); // GStreamer: a string
      return;
    case 'play':
    case 'play2': {
      const error = new StreamctlError('RTMP_COMMAND_UNEXPECTED', { command: name });
      session.refuse(error, onStatus(message.streamId, playRefused));
      return;
    }
    case '_result':
    case '_error':
    case 'onStatus':
      return;
    default:
      if (transactionId !== 0) session.send([unknownCommand(transactionId)]);
  }
}

function connect({ transactionId, values }: RtmpCommand, session: CommandHandler): void {
  const options = objectOf(values[0]);
  session.encoder = readEncoderName(options.flashVer);
  session.canReconnect = canReconnect(options);
  const app = typeof options.app === 'string' ? readApplication(options.app) : '';
  if (app !== applicationName) {
    const error = new StreamctlError('RTMP_APP_UNKNOWN', { wanted: applicationName });
    session.refuse(error, statusReply(transactionId, refusal('NetConnection.Connect.InvalidApp', error)));
    return;
  }
  session.accept([
    ...connectPreamble(),
    connectResult(transactionId, isEnhancedClient(options) ? serverCapabilities : {}),
  ]);
}

function publish(streamId: number, name: AmfValue, session: CommandHandler): void {
  if (session.state !== 'connected') throw new StreamctlError('RTMP_COMMAND_UNEXPECTED', { command: 'publish' });
  try {
    session.requestPublish({ app: applicationName, streamName: readStreamName(name) }, streamId);
  } catch (error) {
    if (!isStreamctlError(error)) throw error;
    session.refuse(error, onStatus(streamId, refusal(publishRefusalCode(error), error)));
  }
}

function unknownCommand(transactionId: number): OutgoingMessage {
  return statusReply(transactionId, {
    level: 'error',
    code: 'NetConnection.Call.Failed',
    description: 'This server does not know the command.',
  });
}

function objectOf(value: AmfValue): AmfObject {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
  return isObject ? value : {};
}

/** A command's name for an error text: only names that cannot be anything else. */
function known(name: string): string {
  return /^[A-Za-z_]{1,20}$/.test(name) ? name : 'unknown';
}
