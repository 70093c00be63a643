import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../support/child.ts';
import { publishTestPicture } from '../support/publishers/ffmpeg.ts';
import { publishWithGstreamer } from '../support/publishers/gstreamer.ts';
import { publishWithObs } from '../support/publishers/obs.ts';
import type { Picture, Publisher, Target } from '../support/publishers/publisher.ts';
import { TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const small: Partial<Picture> = { width: 320, height: 180, videoKbps: 300 };

/** Real encoders, as users run them. `refusal`: what each shows a person whose key is wrong. */
const encoders: readonly {
  readonly name: string;
  readonly publish: (target: Target) => Publisher | Promise<Publisher>;
  readonly refusal: RegExp;
}[] = [
  {
    name: 'ffmpeg',
    publish: (target) => publishTestPicture(target, 60, small),
    refusal: /Server error: The stream key is not known/,
  },
  {
    name: 'GStreamer rtmp2sink',
    publish: (target) => publishWithGstreamer('rtmp2sink', target, 60, small),
    refusal: /The stream key is not known/,
  },
  {
    name: 'librtmp (GStreamer rtmpsink)',
    publish: (target) => publishWithGstreamer('rtmpsink', target, 60, small),
    refusal: /ERROR: from element .*rtmpsink.*Could not open resource/i,
  },
  {
    name: 'OBS Studio',
    publish: (target) => publishWithObs(target, small),
    refusal: /Publish\.Unauthorized.*failed: -3/s,
  },
];

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start({ openPublish: false });
});

afterAll(() => server?.dispose());

async function newKey(channel: string): Promise<string> {
  const { code, stdout, stderr } = await server.command('keys', 'create', channel, '--json');
  expect(code, stderr).toBe(0);
  return (JSON.parse(stdout) as { key: string }).key;
}

for (const { name, publish, refusal } of encoders) {
  const channel = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/-$/, '');

  test.concurrent(`${name} publishes picture and sound with its own defaults`, async ({ onTestFinished }) => {
    const publisher = await publish({ url: server.rtmpUrl, key: await newKey(channel) });
    onTestFinished(async () => {
      if (publisher.isRunning) await publisher.kill();
    });
    await server.isOnAir(channel, 60_000);
    const probe = await run('ffprobe', [
      ...['-v', 'error', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0', server.playback(channel).hls],
    ]);
    expect(probe.stderr.replace(/.*duplicated MOOV.*\n|.*Last message.*\n/g, '')).toBe('');
    expect(new Set(probe.stdout.split('\n').filter((line) => line !== ''))).toEqual(new Set(['h264', 'aac']));
    const { exitCode, output } = await publisher.stop();
    expect(output).not.toMatch(/broken pipe|connection reset/i);
    expect([0, 255], output.slice(-2000)).toContain(exitCode); // 255: ffmpeg says so when a signal ends it
  });

  test.concurrent(`${name} is told when its key is wrong`, async ({ onTestFinished }) => {
    const publisher = await publish({ url: server.rtmpUrl, key: 'sk_0000000000_00000000000000000000000000000000' });
    onTestFinished(async () => {
      if (publisher.isRunning) await publisher.kill();
    });
    if (name === 'OBS Studio') {
      // It shows the person a dialog, and stays open.
      await until('OBS gives up', () => refusal.test(publisher.output), 60_000);
      await publisher.stop();
      return;
    }
    const { exitCode, output } = await publisher.ended;
    expect(exitCode).not.toBe(0);
    expect(output).toMatch(refusal);
  });
}
