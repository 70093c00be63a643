interface Transfer {
  readonly firstByteMs: number;
  readonly endMs: number;
  readonly bytes: number;
}

/** What is older says nothing about the network of now. */
const horizonMs = 5000;
/** What the newest transfers show counts alone when it is less: falling is believed sooner than rising. */
const recentMs = 1200;
/** Less comes in one burst, however slow the network is. */
const tellingBytes = 32 * 1024;
/** Nothing is measured better than this: timers of browsers are coarse on purpose. */
const leastBusyMs = 1;

/**
 * Throughput of the network: bytes over the time in which any came. The time a request waits for its answer is not in it, be it
 * for the encoder or for the server, and of transfers side by side (picture and sound) each second counts once.
 */
export class ThroughputMeter {
  private transfers: readonly Transfer[] = [];
  private last: number | undefined;

  /** A transfer that ended, or was given up, at `endMs`; times are of one clock, in milliseconds. */
  add(transfer: Transfer): void {
    if (transfer.bytes <= 0 || transfer.endMs < transfer.firstByteMs) return;
    const sinceMs = transfer.endMs - horizonMs;
    this.transfers = [...this.transfers.filter(({ endMs }) => endMs > sinceMs), transfer].sort(
      (a, b) => a.firstByteMs - b.firstByteMs,
    );
    this.last = Math.min(rateBps(this.transfers), rateBps(this.since(transfer.endMs - recentMs)));
  }

  /** Bits per second; undefined before the first transfer. It does not change while nothing is transferred. */
  get bps(): number | undefined {
    return this.last;
  }

  /** The most that one transfer had lately: the network can do that, even where small parts and a busy device hide it. */
  get bestBps(): number | undefined {
    const rates = this.transfers.filter(({ bytes }) => bytes >= tellingBytes).map((transfer) => rateBps([transfer]));
    return rates.length === 0 ? undefined : Math.max(...rates);
  }

  /** The network is another, or was away. */
  reset(): void {
    this.transfers = [];
    this.last = undefined;
  }

  private since(timeMs: number): readonly Transfer[] {
    return this.transfers.filter(({ endMs }) => endMs > timeMs);
  }
}

/** Of transfers ordered by their first byte. */
function rateBps(transfers: readonly Transfer[]): number {
  let busyMs = 0;
  let bits = 0;
  let coveredMs = Number.NEGATIVE_INFINITY;
  for (const { firstByteMs, endMs, bytes } of transfers) {
    busyMs += Math.max(0, endMs - Math.max(firstByteMs, coveredMs));
    coveredMs = Math.max(coveredMs, endMs);
    bits += bytes * 8;
  }
  return (bits * 1000) / Math.max(busyMs, leastBusyMs);
}
