import type { Socket } from 'node:net';
import { addressGroup } from '../../base/address-group.ts';
import { StreamctlError } from '../../base/errors.ts';
import type { PublishGrant } from '../../stream/publication.ts';
import { startSession } from './connection.ts';
import { sweepIntervalMs } from './limits.ts';
import { newReadBuffer } from './reading.ts';
import type { RtmpSession } from './session.ts';
import type { SessionDeps, SessionObserver } from './session-deps.ts';
import { type SessionStats, sessionStats } from './session-stats.ts';

/** All connections of a server: who may come in, who may publish, and whose time is up. */
export class ConnectionTable {
  accepted = 0;
  private readonly deps: SessionDeps;
  private readonly sessionsById = new Map<string, RtmpSession>();
  /** Those that have not published yet, oldest first. */
  private readonly pending = new Set<RtmpSession>();
  private readonly pendingByAddress = new Map<string, number>();
  private readonly readBuffer = newReadBuffer();
  private readonly turnsAway: (remoteAddress: string) => boolean;
  private closedBytes = 0;
  private sweptAtMs: number;
  private whenEmpty: (() => void)[] = [];

  /** `turnsAway`: whether nobody at an address is heard for now. */
  constructor(deps: Omit<SessionDeps, 'admit'>, turnsAway: (remoteAddress: string) => boolean) {
    this.turnsAway = turnsAway;
    this.deps = {
      ...deps,
      admit: (grant, session) => this.admit(grant, session),
      observer: this.observe(deps.observer),
    };
    this.sweptAtMs = deps.clock.monotonicMs();
  }

  get size(): number {
    return this.sessionsById.size;
  }

  get bytesIn(): number {
    let sum = this.closedBytes;
    for (const session of this.sessionsById.values()) sum += session.bytesIn;
    return sum;
  }

  stats(): SessionStats[] {
    return Array.from(this.sessionsById.values(), (session) => sessionStats(session));
  }

  /** Ends a connection, over which nothing was said yet, of an address that nobody is heard from. */
  welcomes(socket: Socket): boolean {
    if (!this.turnsAway(addressOf(socket))) return true;
    socket.destroy();
    return false;
  }

  /** A connection just accepted and, unless it is TLS, not read yet. */
  add(socket: Socket, isTls: boolean): void {
    if (!isTls && !this.welcomes(socket)) return;
    const remoteAddress = addressOf(socket);
    const group = addressGroup(remoteAddress);
    const waiting = this.pendingByAddress.get(group) ?? 0;
    const { maxPerIp, maxPending } = this.deps.limits;
    // As many again: every publisher of an address may come back while its old connection is still there.
    if (remoteAddress === '' || (maxPerIp > 0 && waiting >= 2 * maxPerIp)) {
      socket.destroy();
      return;
    }
    if (this.pending.size >= maxPending) this.evictOldest();
    const id = `rtmp-${++this.accepted}`;
    const readBuffer = isTls ? undefined : this.readBuffer;
    const peer = { id, remoteAddress, isTls };
    const session = startSession(socket, readBuffer, peer, this.deps, (gone) => this.remove(gone));
    this.sessionsById.set(id, session);
    this.pending.add(session);
    this.pendingByAddress.set(group, waiting + 1);
  }

  /** Deadlines are looked at from now on. */
  restartSweep(): void {
    this.sweptAtMs = this.deps.clock.monotonicMs();
  }

  /** Looks at all deadlines. When the process itself stood still, nobody's time has run meanwhile. */
  sweep(): void {
    const nowMs = this.deps.clock.monotonicMs();
    const lateMs = nowMs - this.sweptAtMs - sweepIntervalMs;
    this.sweptAtMs = nowMs;
    for (const session of this.sessionsById.values()) {
      if (lateMs > sweepIntervalMs) session.forgive(lateMs);
      session.sweep(nowMs);
    }
  }

  shutDown(): void {
    for (const session of this.sessionsById.values()) session.shutDown();
  }

  destroyAll(): void {
    for (const session of this.sessionsById.values()) session.destroy();
  }

  /** Resolves when no connection is left. */
  async emptied(): Promise<void> {
    if (this.sessionsById.size === 0) return;
    await new Promise<void>((resolve) => {
      this.whenEmpty.push(resolve);
    });
  }

  /** A connection that takes the place of another of its channel needs no room of its own. */
  private admit(grant: PublishGrant, session: RtmpSession): StreamctlError | undefined {
    const { maxPublishers, maxPerIp } = this.deps.limits;
    const group = addressGroup(session.remoteAddress);
    let publishers = 0;
    let ofAddress = 0;
    for (const other of this.sessionsById.values()) {
      if (other.state !== 'publishing' || other.grant?.channel === grant.channel) continue;
      publishers++;
      if (maxPerIp > 0 && addressGroup(other.remoteAddress) === group) ofAddress++;
    }
    if (publishers >= maxPublishers) return new StreamctlError('RTMP_PUBLISHER_LIMIT', { limit: maxPublishers });
    if (maxPerIp > 0 && ofAddress >= maxPerIp) return new StreamctlError('RTMP_ADDRESS_LIMIT', { limit: maxPerIp });
    return undefined;
  }

  private evictOldest(): void {
    for (const session of this.pending) {
      session.evict();
      this.leavePending(session);
      return;
    }
  }

  private observe(observer: SessionObserver): SessionObserver {
    return {
      published: (session) => {
        this.leavePending(session);
        observer.published(session);
      },
      unpublished: (session, how) => observer.unpublished(session, how),
      refused: (session, error) => observer.refused(session, error),
      broke: (session, error) => observer.broke(session, error),
    };
  }

  private remove(session: RtmpSession): void {
    this.leavePending(session);
    this.sessionsById.delete(session.id);
    this.closedBytes += session.bytesIn;
    if (this.sessionsById.size > 0) return;
    for (const resolve of this.whenEmpty.splice(0)) resolve();
  }

  private leavePending(session: RtmpSession): void {
    if (!this.pending.delete(session)) return;
    const group = addressGroup(session.remoteAddress);
    const left = (this.pendingByAddress.get(group) ?? 1) - 1;
    if (left === 0) this.pendingByAddress.delete(group);
    else this.pendingByAddress.set(group, left);
  }
}

function addressOf({ remoteAddress = '' }: Socket): string {
  return remoteAddress.replace(/^::ffff:/, '');
}
