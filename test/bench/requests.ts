import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { readProcessUsage } from '../../src/load/process-usage.ts';
import { freePorts, makeServerFolder, type ServerProcess, startServer } from './peers/server-process.ts';
import type { Report } from './report.ts';

const run = promisify(execFile);
const playbackProcess = resolve(import.meta.dirname, 'peers/playback-process.ts');

/** What is asked for again and again: the smallest and the largest thing that players fetch all the time. */
const subjects = [
  { name: 'playlist', path: '/hls/st1/source/index.m3u8' },
  { name: 'segment', path: '/hls/st1/source/segment-3.m4s' },
] as const;

export const requestServers = ['fast-lane', 'node-http', 'nginx'] as const;
export type RequestServer = (typeof requestServers)[number];

export interface RequestsOptions {
  readonly servers: readonly RequestServer[];
  /** How long each measurement lasts. */
  readonly seconds: number;
  /** Keep-alive connections at once. */
  readonly connections: number;
}

interface Running extends ServerProcess {
  readonly url: string;
}

/** Processor time per request of one process that answers from memory, beside nginx that answers the same bytes from tmpfs. */
export async function benchRequests(options: RequestsOptions, report: Report, signal: AbortSignal): Promise<void> {
  const running = new Map<RequestServer, Running>();
  try {
    const source = await startOurs('fast-lane', signal);
    running.set('fast-lane', source);
    if (options.servers.includes('node-http')) running.set('node-http', await startOurs('node-http', signal));
    if (options.servers.includes('nginx')) running.set('nginx', await startNginx(source.url, signal));
    const rows: (string | number)[][] = [['answer', 'server', 'requests/s', 'µs CPU', 'p50 ms', 'p99 ms', '× nginx']];
    for (const { name, path } of subjects) {
      const measured = new Map<RequestServer, Load>();
      for (const server of options.servers) {
        signal.throwIfAborted();
        const { pid, url } = running.get(server)!;
        report.progress(`${name} from ${server}`);
        measured.set(server, await load(`${url}${path}`, pid, options));
      }
      const bar = measured.get('nginx')?.cpuMicrosecondsPerRequest;
      for (const [server, result] of measured) {
        const { requestsPerSecond, cpuMicrosecondsPerRequest, p50Ms, p99Ms } = result;
        const timesNginx = bar === undefined ? undefined : Math.round((100 * cpuMicrosecondsPerRequest) / bar) / 100;
        report.line({ answer: name, server, connections: options.connections, ...result, timesNginx });
        rows.push([name, server, requestsPerSecond, cpuMicrosecondsPerRequest, p50Ms, p99Ms, timesNginx ?? '']);
      }
    }
    report.table(rows);
  } finally {
    for (const server of running.values()) await server.stop();
  }
}

interface Load {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly cpuMicrosecondsPerRequest: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
}

/** Loads one URL, once to warm up and once for the figures. Throws when an answer is not 2xx. */
async function load(url: string, pid: number, { seconds, connections }: RequestsOptions): Promise<Load> {
  await wrk(url, 2, connections);
  const before = readProcessUsage(pid).cpuMs;
  const said = await wrk(url, seconds, connections);
  const cpuMs = readProcessUsage(pid).cpuMs - before;
  const requests = Number(/(\d+) requests in/.exec(said)?.[1]);
  const errors = [...said.matchAll(/(?:connect|read|write|timeout) (\d+)/g)].reduce((sum, [, n]) => sum + Number(n), 0);
  if (!(requests > 0) || said.includes('Non-2xx')) throw new Error(`wrk ${url} failed:\n${said}`);
  return {
    requests,
    requestsPerSecond: Math.round(Number(/Requests\/sec:\s+([\d.]+)/.exec(said)?.[1])),
    cpuMicrosecondsPerRequest: Math.round((10_000 * cpuMs) / requests) / 10,
    p50Ms: milliseconds(said, 50),
    p99Ms: milliseconds(said, 99),
    errors,
  };
}

async function wrk(url: string, seconds: number, connections: number): Promise<string> {
  const { stdout } = await run('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', url]);
  return stdout;
}

function milliseconds(said: string, percent: number): number {
  const [, value, unit] = new RegExp(`^\\s+${percent}%\\s+([\\d.]+)(us|ms|s)`, 'm').exec(said) ?? [];
  const factor = unit === 'us' ? 0.001 : unit === 's' ? 1000 : 1;
  return Math.round(Number(value) * factor * 100) / 100;
}

async function startOurs(kind: 'fast-lane' | 'node-http', signal: AbortSignal): Promise<Running> {
  const folder = makeServerFolder();
  const [port = 0] = await freePorts(1);
  const profile = process.env.BENCH_CPU_PROFILE_DIR;
  const profiler = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const args = [...profiler, playbackProcess, kind, String(port)];
  const server = await startServer({ command: process.execPath, args, folder, port, signal });
  return { ...server, url: `http://127.0.0.1:${port}` };
}

/** Debian's nginx with one worker, as it is usually set up for files: the very bytes of `source`, on tmpfs. */
async function startNginx(source: string, signal: AbortSignal): Promise<Running> {
  const folder = makeServerFolder();
  const [port = 0] = await freePorts(1);
  for (const { path } of subjects) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, Buffer.from(await (await fetch(`${source}${path}`)).arrayBuffer()));
  }
  const configuration = join(folder, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  writeFileSync(
    configuration,
    `user root; worker_processes 1; pid ${folder}/nginx.pid;
events { worker_connections 20000; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; open_file_cache max=1000;
  ${temporary.map((name) => `${name}_temp_path ${folder}/tmp-${name};`).join(' ')}
  types { application/vnd.apple.mpegurl m3u8; video/mp4 m4s; }
  server { listen 127.0.0.1:${port} backlog=4096; root ${folder}; add_header Cache-Control max-age=1; add_header Access-Control-Allow-Origin *; }
}
`,
  );
  const args = ['-p', folder, '-c', configuration, '-e', 'stderr', '-g', 'daemon off;'];
  const server = await startServer({ command: '/usr/sbin/nginx', args, folder, port, signal });
  return { ...server, url: `http://127.0.0.1:${port}` };
}

/** What this bench needs that is not installed, with the remedy; undefined when all is there. */
export function requestsMissing(): string | undefined {
  if (!existsSync('/usr/bin/wrk')) return 'wrk is not installed: apt-get install -y wrk';
  if (!existsSync('/usr/sbin/nginx'))
    return 'nginx is not installed: apt-get install -y --no-install-recommends nginx-light';
  return undefined;
}
