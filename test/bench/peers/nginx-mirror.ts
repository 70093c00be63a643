import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { listPlaylist } from '../../../src/load/media-playlist.ts';
import { freePorts, makeServerFolder, startServer } from './server-process.ts';

const executable = '/usr/sbin/nginx';
/** Longest that a blocked reload of the mirrored server may take. */
const requestTimeoutMs = 10_000;

export interface NginxMirror {
  readonly pid: number;
  /** The same playlist, from nginx. */
  readonly playlistUrl: string;
  /** The longest that the playlist did not change, since the start or the last call, ms: what nginx cannot be blamed for. */
  takeMaxGapMs(): number;
  stop(): Promise<void>;
}

/** Why nginx cannot run on this machine, with the remedy; undefined when it can. */
export function nginxMissing(): string | undefined {
  if (existsSync(executable)) return undefined;
  return 'nginx is not installed: apt-get install -y --no-install-recommends nginx-light';
}

/**
 * Debian's nginx with one worker, which serves the very bytes of a running server's media playlist, its init segments and segments
 * from tmpfs under the same paths, as they appear. Parts are listed in the playlist but not there: it is for plain HLS.
 */
export async function startNginxMirror(sourcePlaylistUrl: string, signal: AbortSignal): Promise<NginxMirror> {
  const folder = makeServerFolder();
  const [port = 0] = await freePorts(1);
  const stop = new AbortController();
  const mirror = new Mirror(sourcePlaylistUrl, folder, AbortSignal.any([signal, stop.signal]));
  let following: Promise<void>;
  try {
    await mirror.copy(sourcePlaylistUrl);
    following = mirror.follow();
    following.catch(() => undefined); // told by stop()
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, configuration(folder, port));
  const args = ['-p', folder, '-c', file, '-e', 'stderr', '-g', 'daemon off;'];
  const endMirror = () => {
    stop.abort();
    return following;
  };
  try {
    const server = await startServer({ command: executable, args, folder, port, signal });
    const path = new URL(sourcePlaylistUrl).pathname;
    return {
      pid: server.pid,
      playlistUrl: `http://127.0.0.1:${port}${path}`,
      takeMaxGapMs: () => mirror.takeMaxGapMs(),
      stop: async () => {
        const ended = await endMirror().then(
          () => undefined,
          (error: unknown) => error,
        );
        await server.stop();
        if (ended !== undefined) throw ended;
      },
    };
  } catch (error) {
    await endMirror().catch(() => undefined);
    throw error;
  }
}

/** Writes what a playlist lists before it writes the playlist, each file at once; removes what it no longer lists. */
class Mirror {
  private readonly playlistUrl: string;
  private readonly folder: string;
  private readonly signal: AbortSignal;
  private files = new Set<string>();
  private nextUrl: string;
  private changedMs = performance.now();
  private maxGapMs = 0;

  constructor(playlistUrl: string, folder: string, signal: AbortSignal) {
    this.playlistUrl = playlistUrl;
    this.nextUrl = playlistUrl;
    this.folder = folder;
    this.signal = signal;
  }

  async follow(): Promise<void> {
    while (!this.signal.aborted) {
      try {
        await this.copy(this.nextUrl);
      } catch (error) {
        if (!this.signal.aborted) throw error;
      }
    }
  }

  takeMaxGapMs(): number {
    const maxGapMs = Math.max(this.maxGapMs, performance.now() - this.changedMs);
    this.maxGapMs = 0;
    return maxGapMs;
  }

  async copy(playlistUrl: string): Promise<void> {
    const playlist = await this.fetch(playlistUrl);
    const { segments, initializationUri, next } = listPlaylist(playlist.toString());
    const files = new Set<string>();
    for (const uri of [
      ...(initializationUri === undefined ? [] : [initializationUri]),
      ...segments.map((s) => s.uri),
    ]) {
      const url = new URL(uri, this.playlistUrl);
      files.add(url.pathname);
      if (!this.files.has(url.pathname)) this.write(url.pathname, await this.fetch(url.href));
    }
    this.write(new URL(this.playlistUrl).pathname, playlist);
    const nowMs = performance.now();
    this.maxGapMs = Math.max(this.maxGapMs, nowMs - this.changedMs);
    this.changedMs = nowMs;
    for (const path of this.files) if (!files.has(path)) rmSync(join(this.folder, path), { force: true });
    this.files = files;
    this.nextUrl = `${this.playlistUrl}?_HLS_msn=${next.msn}&_HLS_part=${next.part}`;
  }

  private async fetch(url: string): Promise<Buffer> {
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(requestTimeoutMs)]);
    const response = await fetch(url, { signal, headers: { 'Accept-Encoding': 'identity' } });
    if (!response.ok) throw new Error(`the mirrored server answered ${response.status} for ${url}`);
    return Buffer.from(await response.arrayBuffer());
  }

  private write(path: string, bytes: Uint8Array): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, bytes);
    renameSync(`${file}.new`, file);
  }
}

function configuration(folder: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `user root; worker_processes 1; worker_rlimit_nofile 20000; pid ${folder}/nginx.pid;
events { worker_connections 20000; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; open_file_cache off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/tmp-${name};`).join(' ')}
  types { application/vnd.apple.mpegurl m3u8; video/mp4 m4s mp4; }
  server { listen 127.0.0.1:${port} backlog=4096; root ${folder}; add_header Cache-Control max-age=1; add_header Access-Control-Allow-Origin *; }
}
`;
}
