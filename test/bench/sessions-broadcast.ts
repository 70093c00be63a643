import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type SessionView, sessionPage } from '../../src/contract/sessions.ts';
import { streamAnalyticsView } from '../../src/contract/stream-analytics.ts';
import { makeNoisyClip, publishOverAndOver } from '../support/laddered-server.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import type { Heights } from './sessions-ledger.ts';

export const channel = 'watched';
/** Small pictures, so that a machine can show several beside making them. */
const source = { width: 640, height: 360, fps: 15, keyframeSeconds: 2, videoKbps: 1200 };
const rungs = '[{ name: 180p, height: 180, video_bitrate: 200k }]';
const clipSeconds = 30;
export const heights: Heights = { 360: 'source', 180: '180p' };

/** A broadcast in two qualities, and what its server says of who watches it. */
export interface WatchedBroadcast {
  readonly server: TestServer;
  readonly streamId: string;
  /** All of it, those that go on first. */
  sessions(): Promise<readonly SessionView[]>;
  /** By `GET /metrics/ID`. */
  watching(): Promise<number>;
  stop(): Promise<void>;
}

/** On air in both qualities when it resolves. */
export async function startWatchedBroadcast(env: Readonly<Record<string, string>>): Promise<WatchedBroadcast> {
  const folder = await temporaryFolder('sessions');
  const file = await makeNoisyClip(folder.path, source, clipSeconds);
  const server = await TestServer.start({
    env: { STREAMCTL_LADDER_MODE: 'auto', STREAMCTL_LADDER_RUNGS: rungs, ...env },
  });
  await until('it is known what this machine can do', () => server.log.includes('ready to transcode'), 60_000);
  const publisher = publishOverAndOver(file, `${server.rtmpUrl}/${channel}`);
  await server.isOnAir(channel);
  const token = (await readFile(join(server.dataFolder, 'admin.token'), 'utf8')).trim();
  const ask = async (path: string): Promise<unknown> => {
    const answer = await fetch(`${server.httpUrl}${path}`, { headers: { authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const [stream] = ((await ask('/streams')) as { items: { id: string }[] }).items;
  const streamId = stream!.id;
  // Nobody asks for media: whoever does is a viewer.
  const isMade = async () => JSON.stringify(await ask(`/streams/${streamId}`)).includes('"state":"live"');
  await until('both qualities are made', isMade, 60_000);
  return {
    server,
    streamId,
    sessions: async () => {
      const found: SessionView[] = [];
      for (let query = '?limit=100'; ; ) {
        const { items, next_cursor: next } = sessionPage.parse(await ask(`/streams/${streamId}/sessions${query}`));
        found.push(...items);
        if (next === null) return found;
        query = `?limit=100&cursor=${encodeURIComponent(next)}`;
      }
    },
    watching: async () => streamAnalyticsView.parse(await ask(`/metrics/${streamId}`)).viewers.now,
    stop: async () => {
      await publisher.stop();
      await server.dispose();
      await folder.remove();
    },
  };
}
