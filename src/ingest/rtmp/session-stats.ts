import type { IntakeCounts } from './media-intake.ts';
import type { RtmpSession } from './session.ts';
import type { SessionPeer } from './session-deps.ts';
import type { SessionState } from './session-state.ts';

export interface SessionStats extends SessionPeer {
  readonly state: SessionState;
  readonly encoder: string;
  readonly channel: string | undefined;
  readonly keyId: string | undefined;
  /** Wall clock. */
  readonly connectedAtMs: number;
  readonly bytesIn: number;
  readonly messages: number;
  /** Media outside of publishing. */
  readonly dropped: number;
  readonly media: IntakeCounts | undefined;
  /** What was sent and is not carried: "VP6 is not carried". */
  readonly unsupported: string | undefined;
}

/** What a session has to say about itself now. */
export function sessionStats(session: RtmpSession): SessionStats {
  const { id, remoteAddress, isTls, state, encoder, grant, connectedAtMs, bytesIn, messages, dropped, intake } =
    session;
  return {
    ...{ id, remoteAddress, isTls, state, encoder },
    ...{ channel: grant?.channel, keyId: grant?.keyId },
    ...{ connectedAtMs, bytesIn, messages, dropped },
    media: intake === undefined ? undefined : { ...intake.counts },
    unsupported: intake?.unsupportedCodec,
  };
}
