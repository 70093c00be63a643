import { setTimeout as delay } from 'node:timers/promises';
import { Visitor, type VisitorOptions } from './visitor.ts';

/** Viewers of one rendition: one after another, each for some time, or one for as long as there is somebody. */
export interface Seat extends VisitorOptions {
  readonly visitMs: number;
}

/** Viewers who come and go. */
export class Audience {
  /** All there ever were. */
  readonly visitors: Visitor[] = [];
  private readonly leaving = new AbortController();
  private readonly seats: readonly Promise<void>[];

  constructor(seats: readonly Seat[]) {
    this.seats = seats.map((seat) => this.take(seat));
  }

  /** Resolves when the last has left. */
  async leave(): Promise<void> {
    this.leaving.abort();
    await Promise.all(this.seats);
  }

  private async take(seat: Seat): Promise<void> {
    const { signal } = this.leaving;
    while (!signal.aborted) {
      const visitor = new Visitor(seat);
      this.visitors.push(visitor);
      await delay(seat.visitMs, undefined, { signal }).catch(() => undefined);
      await visitor.leave();
    }
  }
}
