import { Agent, request } from 'node:http';
import type { PlayerState } from '../../src/cmcd/report.ts';
import { writeReport } from '../../src/cmcd/write-report.ts';
import type { Visitor } from './audience-visitors.ts';

const maxSockets = 8;

/** Posts players' events, as browsers do: over a few connections, and nobody waits for the answer. */
export class AudienceReports {
  /** Reports that were not taken. */
  failed = 0;
  private readonly agent = new Agent({ keepAlive: true, maxSockets });
  private readonly url: URL;
  private readonly contentId: string;

  constructor(url: URL, contentId: string) {
    this.url = url;
    this.contentId = contentId;
  }

  tell({ sessionId, userAgent }: Visitor, state: PlayerState): void {
    const report = { sessionId, contentId: this.contentId, event: 'ps', state, timeMs: Date.now(), format: 'h' };
    const headers = { 'content-type': 'application/cmcd', 'user-agent': userAgent };
    const post = request(this.url, { method: 'POST', agent: this.agent, headers }, (answer) => {
      if (answer.statusCode !== 204) this.failed++;
      answer.resume();
    });
    post.on('error', () => this.failed++);
    post.end(`${writeReport(report)}\n`);
  }

  close(): void {
    this.agent.destroy();
  }
}
