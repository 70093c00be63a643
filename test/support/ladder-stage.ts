import { join } from 'node:path';
import { StreamWatch } from './checker/stream-watch.ts';
import { run } from './child.ts';
import { publishClip } from './publishers/ffmpeg.ts';
import type { Publisher } from './publishers/publisher.ts';
import { TestServer } from './server.ts';
import { temporaryFolder } from './temp-folder.ts';
import { until } from './until.ts';

/** Two rungs that cost next to nothing. */
const rungs =
  '[{ name: 240p, height: 240, video_bitrate: 400k, fps: 30 }, { name: 144p, height: 144, video_bitrate: 150k, fps: 30 }]';

/** A server with a ladder, and broadcasts that are sent to it and watched. */
export class LadderStage {
  readonly folder: string;
  private started: TestServer | undefined;
  private readonly publishers: Publisher[] = [];
  private readonly removeFolder: () => Promise<void>;

  private constructor(folder: string, removeFolder: () => Promise<void>) {
    this.folder = folder;
    this.removeFolder = removeFolder;
  }

  static async open(): Promise<LadderStage> {
    const { path, remove } = await temporaryFolder('ladder');
    return new LadderStage(path, remove);
  }

  get server(): TestServer {
    if (this.started === undefined) throw new Error('the server does not run');
    return this.started;
  }

  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.started = await TestServer.start({
      env: { STREAMCTL_LADDER_MODE: 'auto', STREAMCTL_LADDER_RUNGS: rungs, ...env },
    });
    await until('it is known what this machine can do', () => this.said('ready to transcode') > 0);
  }

  /** How often the server has said so. */
  said(sentence: string): number {
    return this.server.log.split('\n').filter((line) => line.includes(sentence)).length;
  }

  /** 30 frames per second with B-frames, noise that uses the bit rates, and a tone. */
  async clip(name: string, seconds: number, size = '640x360'): Promise<string> {
    const file = join(this.folder, `${name}.flv`);
    const { code, stderr } = await run('ffmpeg', [
      ...['-v', 'error', '-y', '-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=30,noise=alls=12:allf=t`],
      ...['-f', 'lavfi', '-i', 'sine=frequency=300:sample_rate=48000', '-t', String(seconds)],
      ...[
        '-c:v',
        'libx264',
        '-preset',
        'ultrafast',
        '-bf',
        '2',
        '-pix_fmt',
        'yuv420p',
        '-g',
        '60',
        '-sc_threshold',
        '0',
      ],
      ...['-b:v', '1500k', '-maxrate', '1500k', '-bufsize', '750k', '-c:a', 'aac', '-b:a', '96k', '-ac', '2', file],
    ]);
    if (code !== 0) throw new Error(stderr);
    return file;
  }

  publish(channel: string, file: string): Publisher {
    const publisher = publishClip({ url: this.server.rtmpUrl, key: channel }, file);
    this.publishers.push(publisher);
    return publisher;
  }

  async watch(channel: string): Promise<StreamWatch> {
    await this.server.isOnAir(channel);
    const { hls, dash } = this.server.playback(channel);
    const watch = new StreamWatch({ playlistUrls: [hls], mpdUrl: dash });
    await watch.start();
    return watch;
  }

  /** Ends all it has started. */
  async close(): Promise<void> {
    for (const publisher of this.publishers) await publisher.kill();
    await this.started?.dispose();
    await this.removeFolder();
  }
}
