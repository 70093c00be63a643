import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { buildTranscodeArgs } from '../../src/transcode/command.ts';
import { createFeed } from '../../src/transcode/feed-writer.ts';
import { readLogLine } from '../../src/transcode/ffmpeg-log.ts';
import { type FfmpegExit, FfmpegProcess } from '../../src/transcode/ffmpeg-process.ts';
import { planLadder } from '../../src/transcode/ladder.ts';
import { Child } from '../support/child.ts';
import { until } from '../support/until.ts';
import { irregularClip, ptsOf, type SourceClip } from './source-clips.ts';

const clip = irregularClip();

function argsFor({ config, units }: SourceClip): string[] {
  const { widthPixels, heightPixels, codec } = config;
  const { rungs } = planLadder({
    source: { widthPixels, heightPixels, codec, fps: 30, bitrateBps: 3e6, isPassthrough: true },
    levels: [{ name: '240p', heightPixels: 240, videoBitrateBps: 400_000 }],
  });
  const outputs = rungs.map((rung) => ({ ...rung, firstPtsMs: 10_000 + ptsOf(units[0]!) }));
  return buildTranscodeArgs({ feedFormat: 'flv', encoder: 'x264', rungs: outputs });
}

class Running {
  readonly process: FfmpegProcess;
  outputBytes = 0;
  readonly log: string[] = [];
  readonly progress: string[] = [];
  exit: FfmpegExit | undefined;

  constructor(path: string, args: readonly string[], output: (bytes: Uint8Array) => void = () => {}) {
    this.process = new FfmpegProcess({
      path,
      args,
      outputCount: 1,
      clock: systemClock,
      listener: {
        output: (_index, bytes) => {
          this.outputBytes += bytes.length;
          output(bytes);
        },
        progressLine: (line) => this.progress.push(line),
        logLine: (line) => this.log.push(line),
        exited: (exit) => {
          expect(this.exit).toBeUndefined();
          this.exit = exit;
        },
      },
    });
    onTestFinished(() => this.process.stop());
  }

  feed(frameCount: number): void {
    const feed = createFeed(clip.config, 30);
    this.process.write(feed.header());
    for (const unit of clip.units.slice(0, frameCount)) {
      const { isSync, data } = unit;
      this.process.write(feed.frame({ dtsMs: unit.dtsMs + 10_000, ptsMs: ptsOf(unit) + 10_000, isSync, data }));
    }
  }
}

function startClip(): Running {
  return new Running('ffmpeg', argsFor(clip));
}

function stateOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]![0]!;
  } catch {
    return 'gone';
  }
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

test('what was fed comes out, and the end of the input ends it in good order', async () => {
  const running = startClip();
  running.feed(60);
  await running.process.stop();
  expect(running.exit).toEqual({ code: 0, signal: undefined, cause: undefined });
  expect(running.outputBytes).toBeGreaterThan(20_000);
  expect(running.process.backlogBytes).toBe(0);
});

test('it runs with lower priority, in the root folder, and with nothing of our environment but the path', async () => {
  const running = startClip();
  const pid = running.process.pid!;
  await until('it has become ffmpeg', () => readFileSync(`/proc/${pid}/environ`, 'utf8').startsWith('PATH='));
  expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toBe(`PATH=${process.env.PATH}\0`);
  expect(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[16]).toBe('5');
  await running.process.stop();
});

test('what ffmpeg says of damaged frames is handed over, and it goes on with the next good one', async () => {
  const running = startClip();
  const feed = createFeed(clip.config, 30);
  running.process.write(feed.header());
  for (const [index, unit] of clip.units.slice(0, 60).entries()) {
    const data = index === 20 ? Buffer.alloc(5000, 'not a video') : unit.data;
    const { isSync, dtsMs } = unit;
    running.process.write(feed.frame({ dtsMs: dtsMs + 10_000, ptsMs: ptsOf(unit) + 10_000, isSync, data }));
  }
  await running.process.stop();
  const lines = running.log.map(readLogLine);
  expect(lines).toContainEqual({ level: 'error', text: 'h264: Error splitting the input into NAL units.' });
  expect(running.exit).toMatchObject({ code: 0 });
});

test('a program that is not there is an exit with its cause', async () => {
  const running = new Running('/nowhere/ffmpeg', []);
  running.process.write(Buffer.alloc(10));
  await until('it is gone', () => running.exit);
  expect(running.exit?.code).toBeUndefined();
  expect(running.exit?.cause?.message).toMatch(/ENOENT/);
  await running.process.stop();
});

test('a stopped ffmpeg is killed a second after its input ended', async () => {
  const running = startClip();
  running.feed(30);
  await until('something came out', () => running.outputBytes > 0);
  process.kill(running.process.pid!, 'SIGSTOP');
  const beganMs = performance.now();
  await running.process.stop();
  expect(performance.now() - beganMs).toBeGreaterThan(900);
  expect(performance.now() - beganMs).toBeLessThan(2500);
  expect(running.exit).toMatchObject({ signal: 'SIGKILL' });
});

test('an output that cannot be read ends the process, with the reason', async () => {
  const running = new Running('ffmpeg', argsFor(clip), () => {
    throw new Error('this is not FLV');
  });
  running.feed(60);
  await until('it is gone', () => running.exit);
  expect(running.exit).toMatchObject({ signal: 'SIGKILL', cause: { message: 'this is not FLV' } });
});

test('what cannot leave is counted in bytes', async () => {
  const running = startClip();
  process.kill(running.process.pid!, 'SIGSTOP');
  running.process.write(Buffer.alloc(3_000_000));
  await delay(50);
  expect(running.process.backlogBytes).toBeGreaterThan(2_000_000);
  running.process.kill(new Error('enough'));
  await until('it is gone', () => running.exit);
});

test('fifty starts and stops leave no descriptor, no zombie and no process behind', async () => {
  const before = openDescriptors();
  const pids: number[] = [];
  for (let round = 0; round < 10; round++) {
    const five = Array.from({ length: 5 }, () => startClip());
    for (const [index, running] of five.entries()) {
      pids.push(running.process.pid!);
      running.feed(index);
      if (index === 4) running.process.kill(new Error('killed'));
    }
    await Promise.all(five.map((running) => running.process.stop()));
  }
  expect(pids.map(stateOf).filter((state) => state !== 'gone')).toEqual([]);
  await until('descriptors are closed', () => openDescriptors() <= before);
});

test('when our process is killed, its ffmpeg ends by itself', async () => {
  const parent = new Child(process.execPath, ['--input-type=module', '-e', parentProgram], {
    cwd: `${import.meta.dirname}/../..`,
  });
  onTestFinished(async () => void (await parent.stop('SIGKILL')));
  const pid = await until(
    'the parent has told its child',
    () => Number(/pid (\d+)/.exec(parent.stdout)?.[1]) || undefined,
  );
  await until('ffmpeg works', () => parent.stdout.includes('output'));
  expect(stateOf(pid)).toMatch(/[RS]/);
  parent.process.kill('SIGKILL');
  await until('ffmpeg is gone', () => ['gone', 'Z'].includes(stateOf(pid)), 5000);
});

const parentProgram = `
import { FfmpegProcess } from './src/transcode/ffmpeg-process.ts';
import { systemClock } from './src/base/clock.ts';
const args = '-v error -re -f lavfi -i testsrc2=size=320x180:rate=30 -f flv pipe:3'.split(' ');
const args2 = '-v error -probesize 32k -analyzeduration 0 -f flv -i pipe:0 -c copy -f flv pipe:3'.split(' ');
const options = (args, output) => ({ path: 'ffmpeg', args, outputCount: 1, clock: systemClock,
  listener: { output, progressLine() {}, logLine() {}, exited() {} } });
let announced = false;
const reader = new FfmpegProcess(options(args2, () => { if (!announced) console.log('output'); announced = true; }));
new FfmpegProcess(options(args, (index, bytes) => reader.write(bytes.slice())));
console.log('pid ' + reader.pid);
setInterval(() => {}, 1000);
`;
