import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import type { Peer, PeerKind } from './peer.ts';
import { freePorts, makeServerFolder, startServer } from './server-process.ts';

const main = resolve(import.meta.dirname, '../../../src/main.ts');

/** Our own server with its defaults, and without transcoding, which no peer does: every output there is, from memory. */
export const streamctl: PeerKind = {
  name: 'streamctl',
  work: 'RTMP in, LL-HLS (0.5 s parts, 2 s) + DASH in memory',
  missing: () => undefined,
  start: (signal) => startStreamctl({ ladder: { mode: 'off' } }, signal),
};

export interface StreamctlOptions {
  /** Where it listens for viewers. */
  readonly host?: string;
  /** Of V8's inspector on 127.0.0.1; by default there is none. */
  readonly inspectorPort?: number;
}

/** Our own server, with sections of the configuration as they stand in its file. */
export async function startStreamctl(
  { http, ...sections }: Readonly<Record<string, unknown>> & { readonly http?: Readonly<Record<string, unknown>> },
  signal: AbortSignal,
  { host = '127.0.0.1', inspectorPort }: StreamctlOptions = {},
): Promise<Peer & { readonly logFile: string }> {
  const folder = makeServerFolder();
  const [rtmpPort = 0, httpPort = 0] = await freePorts(2);
  const file = join(folder, 'streamctl.yaml');
  const config = {
    data_dir: join(folder, 'data'),
    http: { listen: `${host}:${httpPort}`, ...http },
    rtmp: { listen: `127.0.0.1:${rtmpPort}` },
    auth: { open_publish: true },
    ...sections,
  };
  writeFileSync(file, stringify(config));
  const profile = process.env.BENCH_CPU_PROFILE_DIR;
  const profiler = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const inspector = inspectorPort === undefined ? [] : [`--inspect=127.0.0.1:${inspectorPort}`];
  const args = [...profiler, ...inspector, main, 'serve', '--config', file];
  const server = await startServer({ command: process.execPath, args, folder, port: rtmpPort, signal });
  return {
    pid: server.pid,
    logFile: server.logFile,
    databaseFile: join(config.data_dir, 'streamctl.db'),
    publishUrl: (index) => `rtmp://127.0.0.1:${rtmpPort}/live/bench${index}`,
    playlistUrl: (index) => `http://127.0.0.1:${httpPort}/hls/bench${index}/source/index.m3u8`,
    mpdUrl: (index) => `http://127.0.0.1:${httpPort}/dash/bench${index}/manifest.mpd`,
    stop: server.stop,
  };
}
