import { isStreamctlError } from '../../base/errors.ts';
import { readAggregate } from '../../rtmp/aggregate.ts';
import { messageType, type RtmpMessage } from '../../rtmp/message.ts';
import { type CommandHandler, obeyCommand } from './commands.ts';
import type { MediaIntake } from './media-intake.ts';

/** What a message may do to the session it came in. */
export interface MessageHandler extends CommandHandler {
  readonly intake: MediaIntake | undefined;
  readMetadata(message: RtmpMessage): void;
  /** Nobody wants this message. */
  countDropped(): void;
}

/** Hands a message to whom it is for. Throws what commands and media throw. */
export function routeMessage(message: RtmpMessage, session: MessageHandler): void {
  switch (message.typeId) {
    case messageType.video:
      if (session.state === 'publishing') session.intake?.video(message);
      else session.countDropped();
      return;
    case messageType.audio:
      if (session.state === 'publishing') session.intake?.audio(message);
      else session.countDropped();
      return;
    case messageType.amf0Command:
    case messageType.amf3Command:
      obeyCommand(message, session);
      return;
    case messageType.amf0Data:
    case messageType.amf3Data:
      session.readMetadata(message);
      return;
    case messageType.aggregate:
      takeApart(message, session);
      return;
    default:
      session.countDropped();
  }
}

/** Only media travels in aggregates. */
function takeApart(aggregate: RtmpMessage, session: MessageHandler): void {
  try {
    readAggregate(aggregate, (message) => {
      if (message.typeId === messageType.video || message.typeId === messageType.audio) routeMessage(message, session);
      else session.countDropped();
    });
  } catch (error) {
    if (!isStreamctlError(error) || error.code !== 'BYTES_SHORT') throw error;
    session.intake?.countDamaged(error);
  }
}
