import { join, resolve } from 'node:path';
import { Child, type ChildResult, run } from './child.ts';
import { temporaryFolder } from './temp-folder.ts';
import { until } from './until.ts';

const sources = [process.execPath, resolve(import.meta.dirname, '../../src/main.ts')];

/** On a machine that is busy with other tests. */
const startTimeoutMs = 60_000;

export interface ServerOptions {
  /** Any channel name publishes under itself; by default yes. */
  readonly openPublish?: boolean;
  /** Configuration in its environment form: `STREAMCTL_HLS_PART: '500ms'`. Nothing is transcoded unless it says so. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether `env` is all there is of an environment. */
  readonly isEnvironmentAlone?: boolean;
  /** What is run: a program and its first arguments; by default the sources. */
  readonly program?: readonly string[];
}

/** The server as users run it: a process of its own, on ports of the system's choice, in a data folder of its own. */
export class TestServer {
  readonly dataFolder: string;
  httpUrl = '';
  /** `rtmp://127.0.0.1:PORT/live` */
  rtmpUrl = '';
  private child: Child | undefined;
  private readonly program: readonly string[];
  private readonly env: NodeJS.ProcessEnv;
  private readonly removeFolder: () => Promise<void>;
  private ports = { http: 0, rtmp: 0 };

  private constructor(
    dataFolder: string,
    removeFolder: () => Promise<void>,
    { openPublish = true, env, isEnvironmentAlone = false, program = sources }: ServerOptions,
  ) {
    this.program = program;
    this.dataFolder = dataFolder;
    this.removeFolder = removeFolder;
    this.env = {
      ...(isEnvironmentAlone ? {} : process.env),
      STREAMCTL_AUTH_OPEN_PUBLISH: String(openPublish),
      STREAMCTL_LADDER_MODE: 'off',
      ...env,
    };
  }

  static async start(options: ServerOptions = {}): Promise<TestServer> {
    const folder = await temporaryFolder('server');
    const server = new TestServer(join(folder.path, 'data'), folder.remove, options);
    await server.launch();
    return server;
  }

  /** Everything it has logged, one JSON object a line. */
  get log(): string {
    return `${this.child?.stdout ?? ''}${this.child?.stderr ?? ''}`;
  }

  get processId(): number {
    const pid = this.child?.process.pid;
    if (pid === undefined) throw new Error('the server does not run');
    return pid;
  }

  /** Starts it, on the ports it had before if it had any. */
  async launch(): Promise<void> {
    const child = new Child(
      this.program[0]!,
      [
        ...[...this.program.slice(1), 'serve', '--data-dir', this.dataFolder, '--log-format', 'json'],
        ...['--http-listen', `127.0.0.1:${this.ports.http}`, '--rtmp-listen', `127.0.0.1:${this.ports.rtmp}`],
      ],
      { env: this.env },
    );
    this.child = child;
    const ready = await until(
      'the server is ready',
      () => {
        if (!child.isRunning) throw new Error(`the server ended: ${this.log}`);
        return readyLine(this.log);
      },
      startTimeoutMs,
    );
    this.httpUrl = ready.http_url.replace(/\/$/, '');
    this.rtmpUrl = `rtmp://${new URL(ready.rtmp_url).host}/live`;
    this.ports = { http: Number(new URL(ready.http_url).port), rtmp: Number(new URL(ready.rtmp_url).port) };
  }

  /** As an operator stops it. */
  async stop(): Promise<ChildResult | undefined> {
    return this.child?.stop('SIGTERM');
  }

  /** As a crash does. */
  async crash(): Promise<void> {
    await this.child?.stop('SIGKILL');
  }

  /** Stops it and removes its data. */
  async dispose(): Promise<void> {
    await this.stop();
    await this.removeFolder();
  }

  /** Runs a command of the product against this server's data folder. */
  command(...args: readonly string[]): Promise<ChildResult> {
    return run(this.program[0]!, [...this.program.slice(1), ...args, '--data-dir', this.dataFolder], { env: this.env });
  }

  /** Addresses of a channel or stream. */
  playback(name: string): { hls: string; ts: string; dash: string; watch: string } {
    return {
      hls: `${this.httpUrl}/hls/${name}/index.m3u8`,
      ts: `${this.httpUrl}/hls/${name}/ts.m3u8`,
      dash: `${this.httpUrl}/dash/${name}/manifest.mpd`,
      watch: `${this.httpUrl}/watch/${name}`,
    };
  }

  /** Waits until a channel can be played. */
  async isOnAir(name: string, timeoutMs?: number): Promise<void> {
    await until(`${name} is on air`, async () => (await fetch(this.playback(name).hls)).ok, timeoutMs);
  }
}

function readyLine(log: string): { http_url: string; rtmp_url: string } | undefined {
  for (const line of log.split('\n')) {
    if (!line.includes('"http_url"')) continue;
    try {
      return JSON.parse(line) as { http_url: string; rtmp_url: string };
    } catch {
      // the line is still being written
    }
  }
  return undefined;
}
