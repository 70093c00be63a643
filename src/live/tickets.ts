import { randomBytes } from 'node:crypto';
import type { Identity } from '../access/identity.ts';
import type { Clock } from '../base/clock.ts';
import { ticketSeconds } from '../contract/stream-analytics.ts';

/** So many may be out at once: beyond that the oldest is not good any more. */
const maxTickets = 1000;

/** Who a ticket stands for. */
export interface TicketHolder {
  readonly identity: Identity;
  /** Whether that is still so. */
  readonly isValid: () => boolean;
}

/** Stand for a token once and for a short time, where a browser cannot send the token itself: it opens WebSockets without headers. */
export class Tickets {
  private readonly clock: Pick<Clock, 'monotonicMs'>;
  private readonly holders = new Map<string, TicketHolder & { readonly untilMs: number }>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.clock = clock;
  }

  issue(holder: TicketHolder): string {
    const nowMs = this.clock.monotonicMs();
    for (const [ticket, { untilMs }] of this.holders) if (untilMs <= nowMs) this.holders.delete(ticket);
    if (this.holders.size >= maxTickets) this.holders.delete(this.holders.keys().next().value!);
    const ticket = randomBytes(24).toString('base64url');
    this.holders.set(ticket, { ...holder, untilMs: nowMs + ticketSeconds * 1000 });
    return ticket;
  }

  /** Who shows it; undefined where it is unknown, too old, or was shown before. */
  take(ticket: string): TicketHolder | undefined {
    const holder = this.holders.get(ticket);
    this.holders.delete(ticket);
    return holder !== undefined && this.clock.monotonicMs() < holder.untilMs && holder.isValid() ? holder : undefined;
  }
}
