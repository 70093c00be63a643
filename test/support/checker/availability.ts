import type { Fetched, Fetching } from './fetch.ts';
import type { Findings } from './findings.ts';

/** What is asked half a second before the deadline; the answer must be the same bytes. */
const marginMs = 500;

interface Due {
  readonly url: string;
  readonly sha256: string;
  /** By `performance.now()`. */
  readonly deadlineMs: number;
  readonly rule: string;
}

/** Notes until when each URI must stay, and asks again just before. */
export class Availability {
  private readonly fetcher: Fetching;
  private readonly findings: Findings;
  private readonly due: Due[] = [];
  private timer: ReturnType<typeof setInterval> | undefined;
  private readonly asking = new Set<Promise<void>>();
  checked = 0;

  constructor(fetcher: Fetching, findings: Findings) {
    this.fetcher = fetcher;
    this.findings = findings;
  }

  start(): void {
    this.timer = setInterval(() => this.askDue(), 50);
  }

  /** `deadlineMs` by `performance.now()`. */
  expect(first: Fetched, deadlineMs: number, rule: string): void {
    this.due.push({ url: first.url, sha256: first.sha256, deadlineMs, rule });
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.asking);
  }

  private askDue(): void {
    const now = performance.now();
    for (let index = this.due.length - 1; index >= 0; index--) {
      const entry = this.due[index];
      if (entry === undefined || entry.deadlineMs - marginMs > now) continue;
      this.due.splice(index, 1);
      const asking = this.ask(entry).finally(() => this.asking.delete(asking));
      this.asking.add(asking);
    }
  }

  private async ask({ url, sha256, deadlineMs, rule }: Due): Promise<void> {
    const report = this.findings.at(url.replace(/\d+(?=\.)/g, 'N'));
    this.checked++;
    try {
      const again = await this.fetcher.fetch(url);
      // On a machine that stood still it was asked for, or answered, when its time was over.
      if (again.status !== 200 && again.lastByteMs >= deadlineMs) return;
      if (again.status !== 200) report(rule, `${url} is ${again.status} before its time is over`);
      else if (again.sha256 !== sha256) report(rule, `${url} has other bytes than at first`);
    } catch (error) {
      report(rule, `${url}: ${String(error)}`);
    }
  }
}
