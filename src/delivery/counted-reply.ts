import type { PendingReply, ProgressiveReply, Reply } from './reply.ts';

/** An answer that is waited for, counted once it is given. */
export class CountedPendingReply implements PendingReply {
  readonly kind = 'pending';
  private readonly inner: PendingReply;
  private readonly count: (status: number) => void;

  constructor(inner: PendingReply, count: (status: number) => void) {
    this.inner = inner;
    this.count = count;
  }

  settle(deliver: (reply: Reply | ProgressiveReply) => void): void {
    this.inner.settle((reply) => {
      this.count(reply.status);
      deliver(reply);
    });
  }

  cancel(): void {
    this.inner.cancel();
  }
}
