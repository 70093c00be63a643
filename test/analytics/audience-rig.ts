import { join } from 'node:path';
import { SessionTable, type SessionTableOptions } from '../../src/analytics/session-table.ts';
import { ViewerKeys } from '../../src/analytics/viewer-keys.ts';
import type { ViewerSession } from '../../src/analytics/viewer-session.ts';
import type { ViewerIdentity } from '../../src/delivery/viewer-events/event-batch.ts';
import type { ViewerEvent } from '../../src/delivery/viewer-events/event-reader.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { tempDir } from '../support/temp-dir.ts';

export const stream = { streamId: 'st1', channel: 'show', targetDurationMs: 2000, partTargetMs: 500 };
export const someone: ViewerIdentity = {
  ...{ network: '203.0.113.0/24', userAgent: 'Mozilla Firefox/140', token: '', country: 'DE' },
};

/** Sessions of one stream, and viewers whose events the test makes. */
export function audienceRig(options: Partial<SessionTableOptions> = {}, folder = tempDir()) {
  const clock = new ManualClock();
  const ended: ViewerSession[] = [];
  const keys = new ViewerKeys(join(folder, 'viewer-salt'), clock);
  const table = new SessionTable({
    clock,
    keyOf: (viewer) => keys.of(viewer),
    ended: (_streamId, session) => ended.push(session),
    merged: () => {},
    ...options,
  });
  const take = (members: Partial<ViewerEvent>) =>
    table.take({
      kind: 'segment',
      timeMs: clock.wallMs(),
      connection: 1,
      viewer: someone,
      stream,
      rendition: 'source',
      isAudio: false,
      isDash: false,
      isBehindProxy: false,
      isReload: false,
      status: 200,
      bytes: 1000,
      msn: 1,
      index: 0,
      ageMs: undefined,
      text: '',
      isHeaderText: false,
      ...members,
    });
  /** A player posts events; `ts` is given in ms since the rig began. */
  const report = (...lines: string[]) =>
    take({ kind: 'report', rendition: '', status: 204, text: `${lines.join('\n')}\n` });
  const cmcd = (text: string, members: Partial<ViewerEvent> = {}) =>
    take({ text: encodeURIComponent(text), ...members });
  /** Seconds pass, with a look each second. */
  const pass = (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      clock.advance(1000);
      table.sweep();
    }
  };
  const viewers = () => table.streams.get('st1')?.viewers(clock.monotonicMs()) ?? 0;
  const sessions = () => [...(table.streams.get('st1')?.sessions.values() ?? [])].filter(({ isLive }) => isLive);
  return { clock, table, ended, take, report, cmcd, pass, viewers, sessions };
}
