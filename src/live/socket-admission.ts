import type { IncomingMessage } from 'node:http';
import { type Identity, isAllowed } from '../access/identity.ts';
import type { PlaybackGate } from '../access/playback-gate.ts';
import type { ApiEnv } from '../api/api-env.ts';
import type { LiveControl } from '../api/live-control.ts';
import type { RateLimit } from '../api/rate-limit.ts';
import { isStreamctlError, StreamctlError } from '../base/errors.ts';
import type { Scope } from '../contract/scopes.ts';
import { isOwnOrigin, type SocketRequest, socketRequestOf } from './socket-request.ts';
import type { TicketHolder, Tickets } from './tickets.ts';

/** From where somebody comes: over the control socket, or from an address. */
export type SocketFrom = ApiEnv['Bindings'];

/** What is known of who may listen. */
export interface SocketTerms {
  /** Who an Authorization header says that asks. Throws why it is not good. */
  readonly identify: (authorization: string) => Identity | undefined;
  readonly tickets: Tickets;
  readonly gate: PlaybackGate;
  readonly live: Pick<LiveControl, 'get'>;
  /** Whether it is known what was told of a stream that may be over. */
  readonly isRemembered: (streamId: string) => boolean;
  readonly limit: RateLimit;
  /** Where people find the server. */
  readonly publicUrl: string;
}

/** What somebody may listen to. */
export interface SocketGrant {
  /** Undefined: the whole node. */
  readonly streamId: string | undefined;
  /** Only what everybody may know who may watch. */
  readonly isPublic: boolean;
  readonly afterSeq: number | undefined;
  /** Whether that is still so. */
  readonly isAllowed: () => boolean | Promise<boolean>;
}

/** Decides who may listen to what. Rejects with API_ORIGIN_FOREIGN, API_NOT_FOUND, API_UNAUTHENTICATED, API_SCOPE_MISSING, STREAM_UNKNOWN and what a credential is refused with. */
export async function admitSocket(
  incoming: IncomingMessage,
  from: SocketFrom,
  terms: SocketTerms,
): Promise<SocketGrant> {
  if (from.isLocal !== true && !isOwnOrigin(incoming, terms.publicUrl))
    throw new StreamctlError('API_ORIGIN_FOREIGN', {});
  const request = socketRequestOf(incoming);
  const holder = knownHolder(request, from, terms);
  const { afterSeq, stream } = request;
  if (stream === undefined) {
    if (holder === undefined) throw unauthenticated(from, terms);
    const isAllowed = entitled(holder, 'metrics:read');
    return { streamId: undefined, isPublic: false, afterSeq, isAllowed };
  }
  const running = terms.live.get(stream);
  if (holder !== undefined) {
    const isAllowed = entitled(holder, 'streams:read');
    // Of one that is over, who was away hears how it ended.
    const streamId = running === undefined && terms.isRemembered(stream) ? stream : foundStream(running, stream);
    return { streamId, isPublic: false, afterSeq, isAllowed };
  }
  const { playbackToken } = request;
  const mayWatch = () => terms.gate.isPlaybackAllowed(stream, running, playbackToken);
  if (!(await mayWatch())) throw unauthenticated(from, terms);
  return { streamId: foundStream(running, stream), isPublic: true, afterSeq, isAllowed: mayWatch };
}

/** Who shows a credential; undefined where none is shown. Throws why it is not good. */
function knownHolder(request: SocketRequest, from: SocketFrom, terms: SocketTerms): TicketHolder | undefined {
  const { authorization, ticket } = request;
  if (from.isLocal === true) return { identity: { kind: 'local' }, isValid: () => true };
  if (ticket !== undefined) {
    const holder = terms.tickets.take(ticket);
    if (holder === undefined) throw unauthenticated(from, terms);
    return holder;
  }
  if (authorization === null) return undefined;
  try {
    const identity = terms.identify(authorization);
    return identity && { identity, isValid: () => isGood(authorization, terms) };
  } catch (error) {
    if (isStreamctlError(error) && error.httpStatus < 500) terms.limit.refuse(from.remoteAddress);
    throw error;
  }
}

/** Throws API_SCOPE_MISSING; gives whether the holder is still entitled. */
function entitled({ identity, isValid }: TicketHolder, scope: Scope): () => boolean {
  if (!isAllowed(identity, scope)) throw new StreamctlError('API_SCOPE_MISSING', { scope });
  return isValid;
}

function foundStream(running: { readonly streamId: string } | undefined, asked: string): string {
  if (running === undefined) throw new StreamctlError('STREAM_UNKNOWN', { stream: asked });
  return running.streamId;
}

/** Whether a credential that was good is good now. */
export function isGood(authorization: string, { identify }: Pick<SocketTerms, 'identify'>): boolean {
  try {
    return identify(authorization) !== undefined;
  } catch {
    return false; // revoked or expired meanwhile
  }
}

/** Counts against the address, so that guesses come slowly. Throws API_RATE_LIMITED. */
function unauthenticated({ remoteAddress }: SocketFrom, { limit }: SocketTerms): StreamctlError {
  limit.refuse(remoteAddress);
  return new StreamctlError('API_UNAUTHENTICATED', {});
}
