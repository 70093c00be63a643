import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { ClipPublisher } from '../../src/publisher/clip-publisher.ts';
import { loadClip } from '../../src/publisher/flv-clip.ts';
import { Child } from '../support/child.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

interface Diagnosis {
  readonly findings: readonly { readonly code: string; readonly severity: string; readonly found: string }[];
}

const sample = resolve(import.meta.dirname, '../../packaging/sample/sample.flv');
/** A test that published late itself has nothing to say about the line. */
const ownLateMs = 300;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: TestServer;
let healthy: ClipPublisher;
let encoder: Child;
const ending = new AbortController();
const publishing: Promise<unknown>[] = [];

beforeAll(async () => {
  folder = await temporaryFolder('doctor');
  server = await TestServer.start();
  healthy = await publish('healthy', 1);
  // Timestamps go on in real time, and what comes does not: a line of four fifths of the bit rate.
  await publish('starved', 0.8);
  // A keyframe every 8.3 s as OBS has it by default, and sound of a cheap camera.
  encoder = new Child('ffmpeg', [
    ...['-nostdin', '-v', 'error', '-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=30'],
    ...['-re', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=22050', '-c:a', 'aac', '-b:a', '64k', '-ac', '1'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-b:v', '400k', '-maxrate', '400k'],
    ...['-bufsize', '400k', '-g', '250', '-sc_threshold', '0', '-f', 'flv', `${server.rtmpUrl}/camera`],
  ]);
});

afterAll(async () => {
  ending.abort();
  await encoder?.stop('SIGKILL');
  await Promise.all(publishing);
  await server?.dispose();
  await folder?.remove();
});

async function publish(streamName: string, speed: number): Promise<ClipPublisher> {
  const { hostname, port } = new URL(server.rtmpUrl);
  const url = { isTls: false, host: hostname, port: Number(port), app: 'live', streamName };
  const publisher = new ClipPublisher({ clip: await loadClip(sample), url, clock: systemClock, loop: true, speed });
  publishing.push(publisher.run(ending.signal).catch(() => undefined));
  return publisher;
}

async function diagnose(channel: string): Promise<string[]> {
  await server.isOnAir(channel, 40_000);
  const { code, stdout, stderr } = await server.command('doctor', channel, '--json');
  expect(code, stderr).toBe(0);
  const { findings } = JSON.parse(stdout) as Diagnosis;
  expect(findings.length).toBeGreaterThan(5);
  return findings.filter(({ severity }) => severity === 'warning').map((finding) => finding.code);
}

test('each broadcast is told what it suffers from, and a healthy one nothing', async () => {
  const [good, slow, camera] = await Promise.all(['healthy', 'starved', 'camera'].map(diagnose));
  const isLate = healthy.stats().maxLateMs > ownLateMs;
  expect(good?.filter((code) => !isLate || !code.startsWith('uplink'))).toEqual([]);
  expect(slow).toContain('uplink-starved');
  expect(camera).toEqual(expect.arrayContaining(['keyframes-far-apart', 'sound-rate-low']));
});

test('a person reads what it means for viewers and what to change in OBS', async () => {
  const { stdout } = await server.command('doctor', 'camera');
  expect(stdout).toMatch(/^CAMERA +live, /);
  expect(stdout).toMatch(
    /^warning +Keyframes come only every 8\.3 s\. \[keyframes-far-apart\]\n +Segments are that long.*\n +→ In OBS: Settings, Output .*Keyframe Interval: 2 s\.$/m,
  );
  expect((await server.command('streams', 'show', 'camera')).stdout).toContain('[keyframes-far-apart]');
});

test('a broadcast that is not there is refused with what to do', async () => {
  expect(await server.command('doctor', 'nobody')).toMatchObject({ code: 3 });
});
