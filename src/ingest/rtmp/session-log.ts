import type { Logger } from 'pino';
import type { Clock } from '../../base/clock.ts';
import type { ErrorCode } from '../../base/error-catalog.ts';
import type { StreamctlError } from '../../base/errors.ts';
import { ReportCounter } from '../../base/report-counter.ts';
import type { PublicationEnd, PublisherDismissal } from '../../stream/publication.ts';
import type { RtmpSession } from './session.ts';
import type { SessionObserver } from './session-deps.ts';
import { sessionStats } from './session-stats.ts';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** Counts and logs what happens in sessions; refusals, which anybody can cause, at most once a second. */
export class SessionLog implements SessionObserver {
  readonly refusedByCode = new Map<string, number>();
  private readonly log: Log;
  private readonly refusals: ReportCounter;
  private readonly floods: ReportCounter;
  private readonly defects: ReportCounter;

  constructor(log: Log, clock: Clock) {
    this.log = log;
    this.refusals = new ReportCounter(clock);
    this.floods = new ReportCounter(clock);
    this.defects = new ReportCounter(clock);
  }

  published(session: RtmpSession): void {
    this.log.info({ ...describe(session), encoder: session.encoder, tls: session.isTls }, 'publisher connected');
  }

  unpublished(session: RtmpSession, how: PublicationEnd | PublisherDismissal | 'unusable'): void {
    const { bytesIn, media, dropped, unsupported } = sessionStats(session);
    this.log.info({ ...describe(session), how, bytesIn, dropped, ...media, unsupported }, 'publisher gone');
  }

  refused(session: RtmpSession, error: StreamctlError): void {
    this.refusedByCode.set(error.code, (this.refusedByCode.get(error.code) ?? 0) + 1);
    this.refusals.count((count) => {
      const { code, message } = error;
      this.log.warn(
        { ...describe(session), encoder: session.encoder, code, reason: message, count },
        'publisher refused',
      );
    });
  }

  /** A connection of an address that is flooding, of which nothing was heard. */
  turnedAway(remoteAddress: string): void {
    const code: ErrorCode = 'RTMP_WRONG_KEYS';
    this.refusedByCode.set(code, (this.refusedByCode.get(code) ?? 0) + 1);
    this.floods.count((count) => {
      this.log.warn(
        { remoteAddress, code, count },
        'connections turned away: hundreds of wrong keys came from the address',
      );
    });
  }

  broke(session: RtmpSession, error: unknown): void {
    this.defects.count((count) => {
      this.log.error({ ...describe(session), err: error, count }, 'RTMP session failed');
    });
  }
}

function describe({ id, remoteAddress, grant }: RtmpSession): Record<string, unknown> {
  return { connection: id, remoteAddress, channel: grant?.channel, keyId: grant?.keyId };
}
