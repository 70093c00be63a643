import { getSystemErrorName } from 'node:util';
import type { Clock } from '../base/clock.ts';

/** How the program does, for whoever watches over it. */
export interface Health {
  /** One line for people. */
  readonly status: string;
  /** How long the thread that has said nothing for longest is silent. Each of them speaks once a second. */
  readonly silentMs: number;
}

export interface ServiceManagerOptions {
  /** Where it listens; undefined: nobody does, and nothing is sent. */
  readonly notifySocket: string | undefined;
  readonly watchdogMs: number | undefined;
  /** It has to be told which process is the service. */
  readonly isIndirect: boolean;
  readonly pid: number;
  /** Gives 0 or the system's error number. */
  readonly send: (address: string, text: string) => number;
  readonly clock: Clock;
  readonly log: { warn(fields: object, sentence: string): void };
}

/** How often the status line may change. */
const statusMs = 5000;
/** A thread that speaks every second is not late before. */
const shortestSilenceMs = 3000;
const retryMs = 100;
const maxStatusLength = 500;

/** What the program tells the service manager that started it: the protocol of sd_notify(3). Never throws, never waits. */
export class ServiceManager {
  private readonly options: ServiceManagerOptions;
  /** Changes of state that its full queue has not taken yet. */
  private readonly unsent: string[] = [];
  private lastStatus = '';
  private lastStatusMs = Number.NEGATIVE_INFINITY;
  private isSilenceTold = false;
  private isFailureTold = false;

  constructor(options: ServiceManagerOptions) {
    this.options = options;
  }

  /** The service does its work, for the first time or after a reload. */
  ready(): void {
    const { isIndirect, pid } = this.options;
    this.tell(isIndirect ? `READY=1\nMAINPID=${pid}` : 'READY=1');
  }

  /** The configuration is being read again; `ready` says when that is done. */
  reloading(): void {
    this.tell(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  }

  stopping(): void {
    this.tell('STOPPING=1\nSTATUS=draining');
  }

  /** Sends the status when it changes, and a sign of life while no thread is silent. The returned function ends it. */
  watch(health: () => Health): () => void {
    const { notifySocket, watchdogMs = Number.POSITIVE_INFINITY, clock } = this.options;
    if (notifySocket === undefined) return () => {};
    const intervalMs = Math.min(watchdogMs / 3, statusMs);
    let cancel = () => {};
    const look = () => {
      this.look(health());
      cancel = clock.after(intervalMs, look);
    };
    look();
    return () => cancel();
  }

  private look({ status, silentMs }: Health): void {
    const { clock, watchdogMs } = this.options;
    const nowMs = clock.monotonicMs();
    const lines: string[] = [];
    if (status !== this.lastStatus && nowMs - this.lastStatusMs >= statusMs) {
      this.lastStatus = status;
      this.lastStatusMs = nowMs;
      lines.push(`STATUS=${status.replaceAll('\n', ' ').slice(0, maxStatusLength)}`);
    }
    if (watchdogMs !== undefined && this.isWell(silentMs, watchdogMs)) lines.push('WATCHDOG=1');
    // Nothing of this must arrive late: the next look says it anew.
    if (lines.length > 0 && this.unsent.length === 0) this.send(lines.join('\n'));
  }

  private isWell(silentMs: number, watchdogMs: number): boolean {
    const isWell = silentMs <= Math.max(shortestSilenceMs, watchdogMs / 3);
    if (!isWell && !this.isSilenceTold) {
      const silence = { silent_ms: Math.round(silentMs), watchdog_ms: watchdogMs };
      this.options.log.warn(silence, 'a thread does not answer: the watchdog is not fed');
    }
    this.isSilenceTold = !isWell;
    return isWell;
  }

  /** A change of state: once, in order, and not lost because its queue is full. */
  private tell(text: string): void {
    if (this.options.notifySocket === undefined) return;
    this.unsent.push(text);
    if (this.unsent.length === 1) this.sendNext();
  }

  private sendNext(): void {
    for (let text = this.unsent[0]; text !== undefined; text = this.unsent[0]) {
      if (this.send(text) === 'EAGAIN') {
        this.options.clock.after(retryMs, () => this.sendNext());
        return;
      }
      this.unsent.shift();
    }
  }

  private send(text: string): string | undefined {
    const { notifySocket = '', send, log } = this.options;
    const number = send(notifySocket, text);
    if (number === 0) return undefined;
    const reason = getSystemErrorName(-number);
    if (!this.isFailureTold && reason !== 'EAGAIN') {
      this.isFailureTold = true;
      log.warn({ reason, socket: notifySocket }, 'the service manager cannot be told how the server does');
    }
    return reason;
  }
}
