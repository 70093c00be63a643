import { expect, test } from 'vitest';
import type { TimeHistogramFigures } from '../../src/base/time-histogram.ts';
import { ServiceLevels } from '../../src/pipeline/service-levels.ts';
import { LiveStream } from '../../src/stream/live-stream.ts';
import type { MediaSink } from '../../src/stream/media-sink.ts';
import type { Publication } from '../../src/stream/publication.ts';
import { audioConfig, videoConfig } from '../packager/broadcast.ts';
import { ManualClock } from '../support/manual-clock.ts';

const frameMs = 40;
const streamStartMs = 10_000;

/** Takes all media and makes nothing of it: what is listed, and when, the test says. */
const deafSink: MediaSink = {
  ...{ isGapping: false, endMs: 0 },
  ...{ begin() {}, configure() {}, accessUnit() {}, markDiscontinuity() {}, interrupt() {}, tick() {}, end() {} },
};

/** One broadcast of 25 frames a second, whose times are those of the clock, and everything that is said of its levels. */
class MeasuredStream {
  readonly clock = new ManualClock();
  readonly levels = new ServiceLevels(this.clock);
  readonly stream: LiveStream;
  private readonly originMs = this.clock.monotonicMs();
  private publication: Publication | undefined;
  private hasVideo = true;

  constructor() {
    const { clock, levels } = this;
    this.stream = new LiveStream({
      ...{ id: 'st_1', channel: 'show', keyId: undefined, clock, sink: deafSink },
      ...{ availabilityStartMs: clock.wallMs() - streamStartMs, graceMs: 30_000, pendingTimeoutMs: 300_000 },
      onChange: (stream, change) => levels.changed(stream, change),
    });
    levels.open(this.stream);
  }

  /** Of this moment: 0 when the stream was made. */
  get nowMs(): number {
    return this.clock.monotonicMs() - this.originMs;
  }

  connect(kind: 'video' | 'audio' = 'video'): void {
    const connection = { id: 'c', remoteAddress: '127.0.0.1', encoder: 'test', dismiss() {} };
    this.publication = this.stream.attach(connection);
    this.hasVideo = kind === 'video';
    if (this.hasVideo) this.publication.videoConfig(videoConfig);
    else this.publication.audioConfig(audioConfig);
  }

  /** A publisher is there, with a first frame. */
  begin(): void {
    this.connect();
    this.frame();
  }

  leave(how: 'goodbye' | 'lost'): void {
    this.publication?.end(how);
  }

  frame(): void {
    this.publication?.accessUnit({
      kind: this.hasVideo ? 'video' : 'audio',
      ...{ dtsMs: this.nowMs, compositionOffsetMs: 0, isSync: true, data: new Uint8Array(1) },
    });
  }

  /** Time passes with frames. */
  play(ms: number): void {
    for (let passed = 0; passed < ms; passed += frameMs) {
      this.frame();
      this.clock.advance(frameMs);
    }
  }

  silence(ms: number): void {
    this.clock.advance(ms);
  }

  targets(seconds: number): void {
    this.levels.listed({
      type: 'stream',
      stream: {
        ...{ streamId: 'st_1', channel: 'show', availabilityStartMs: 0 },
        ...{ targetDurationSeconds: seconds, partTargetMs: 500, windowMs: 60_000 },
      },
    });
  }

  /** A rendition with 1000 ticks a second. */
  offers(name: string, { config = videoConfig as typeof videoConfig | typeof audioConfig, delayTicks = 0 } = {}): void {
    const init = { version: 1, bytes: new Uint8Array() };
    const rendition = { name, config, timescale: 1000, decodeDelayTicks: delayTicks, init };
    this.levels.listed({ type: 'rendition', streamId: 'st_1', rendition });
  }

  begins(msn: number, startMs: number, rendition = 'source'): void {
    const of = { isDiscontinuity: false, discontinuitySequence: 0, initVersion: 1 };
    const segment = { msn, startTicks: streamStartMs + startMs, ...of };
    this.levels.listed({ type: 'segment', streamId: 'st_1', rendition, segment });
  }

  part(index: number, startMs: number, durationMs: number, rendition = 'source'): void {
    const of = { msn: 1, isIndependent: true, isPredictedLast: false, bytes: new Uint8Array() };
    const part = { index, startTicks: streamStartMs + startMs, durationTicks: durationMs, ...of };
    this.levels.listed({ type: 'part', streamId: 'st_1', rendition, part });
  }

  ends(msn: number, rendition = 'source', brokenUntilTicks?: number): void {
    const broken = brokenUntilTicks === undefined ? {} : { brokenUntilTicks };
    this.levels.listed({ type: 'segment-end', streamId: 'st_1', rendition, msn, ...broken });
  }

  /** Connected and fresh, after a look. */
  get seconds(): readonly [connected: number, fresh: number] {
    this.levels.look();
    const { connectedSeconds, freshSeconds } = this.levels.figures();
    return [round(connectedSeconds), round(freshSeconds)];
  }
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

function countOf({ counts }: TimeHistogramFigures): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Mean of what was measured, ms, to the millisecond. */
function meanMs(figures: TimeHistogramFigures): number {
  return Math.round((figures.sumSeconds * 1000) / countOf(figures));
}

test.each([100, 1000, 60_000])(
  'time with a publisher is counted to the millisecond, looked at every %d ms',
  (everyMs) => {
    const measured = new MeasuredStream();
    const wait = (ms: number) => {
      for (let left = ms; left > 0; left -= everyMs) {
        measured.silence(Math.min(left, everyMs));
        if (left >= everyMs) measured.levels.look();
      }
    };
    wait(5000);
    measured.begin();
    wait(3250);
    measured.leave('lost');
    wait(4600);
    measured.begin();
    wait(1370);
    measured.leave('goodbye');
    wait(2000);
    expect(measured.seconds).toEqual([4.62, 4.62]);
  },
);

test('who is connected and has not begun is not counted: nobody can see anything yet', () => {
  const measured = new MeasuredStream();
  measured.connect();
  measured.levels.look();
  measured.silence(5000);
  expect(measured.seconds).toEqual([0, 0]);
  measured.frame();
  measured.silence(700);
  expect(measured.seconds).toEqual([0.7, 0.7]);
});

test.each([
  ['every second', 1000],
  ['once', 20_000],
])('media is fresh until three target durations after its end, looked at %s', (_, everyMs) => {
  const measured = new MeasuredStream();
  measured.begin();
  measured.targets(2);
  measured.offers('source');
  measured.silence(2000);
  measured.part(0, 0, 1900);
  for (let passed = 0; passed < 20_000; passed += everyMs) {
    measured.silence(everyMs);
    measured.levels.look();
  }
  expect(measured.seconds).toEqual([22, 7.9]);
});

test('media that comes again is fresh again, and what was overdue before stays so', () => {
  const measured = new MeasuredStream();
  measured.begin();
  measured.targets(1);
  measured.offers('source');
  measured.part(0, 0, 1000);
  measured.silence(6000);
  measured.part(1, 5000, 1000);
  measured.silence(2000);
  expect(measured.seconds).toEqual([8, 6]);
});

test('older media that comes late makes nothing older', () => {
  const measured = new MeasuredStream();
  measured.begin();
  measured.targets(1);
  measured.offers('source');
  measured.offers('360p');
  measured.silence(4000);
  measured.part(0, 3000, 1000);
  measured.part(0, 0, 1000, '360p');
  measured.silence(3500);
  expect(measured.seconds).toEqual([7.5, 6]);
});

test('a picture that stands still while the sound goes on is not fresh; sound is, where there is no picture', () => {
  const staleSecondsOf = (kind: 'video' | 'audio') => {
    const measured = new MeasuredStream();
    measured.targets(1);
    if (kind === 'video') measured.offers('source');
    measured.offers('audio', { config: audioConfig });
    measured.connect(kind);
    measured.play(3000);
    if (kind === 'video') measured.part(0, 2000, 1000);
    for (let second = 0; second < 10; second++) {
      measured.silence(1000);
      measured.part(second, measured.nowMs - 1000, 1000, 'audio');
    }
    const [connected, fresh] = measured.seconds;
    expect(connected).toBeGreaterThan(10);
    return connected - fresh;
  };
  expect(staleSecondsOf('video')).toBe(7);
  expect(staleSecondsOf('audio')).toBe(0);
});

test('before there is a target duration nobody waits for a second segment', () => {
  const measured = new MeasuredStream();
  measured.begin();
  measured.silence(30_000);
  expect(measured.seconds).toEqual([30, 30]);
});

test('who comes back has three target durations until there must be something', () => {
  const measured = new MeasuredStream();
  measured.begin();
  measured.targets(1);
  measured.offers('source');
  measured.silence(1000);
  measured.part(0, 0, 1000);
  measured.leave('lost');
  measured.silence(10_000);
  measured.begin();
  measured.silence(5000);
  expect(measured.seconds).toEqual([6, 4]);
});

test('what happens to publishers is counted, and a grace that ran out only where nobody came back', () => {
  const measured = new MeasuredStream();
  measured.begin();
  measured.begin();
  measured.leave('lost');
  measured.begin();
  measured.leave('lost');
  for (let passed = 0; passed < 31_000; passed += 100) {
    measured.silence(100);
    measured.stream.tick();
  }
  const counted = { takeovers: 1, interruptions: 2, reconnects: 1, graceExpired: 1 };
  expect(measured.levels.figures()).toMatchObject(counted);
  const stopped = new MeasuredStream();
  stopped.begin();
  stopped.stream.stop('operator');
  expect(stopped.levels.figures()).toMatchObject({ interruptions: 0, graceExpired: 0 });
});

test('a segment counts from the arrival of its first frame to its end; a part from there and from its last; DASH from the first part', () => {
  const measured = new MeasuredStream();
  measured.targets(2);
  measured.offers('source');
  measured.connect();
  measured.play(1000);
  measured.begins(1, 0);
  measured.silence(20);
  measured.part(0, 0, 1000);
  measured.play(1000);
  measured.frame(); // of the next part
  measured.silence(30);
  measured.part(1, 1020, 1000);
  measured.ends(1);
  const { glassToPlaylist, partLatency } = measured.levels.figures();
  const { hls, ll, dash } = glassToPlaylist;
  expect([countOf(hls), countOf(ll), countOf(dash), countOf(partLatency)]).toEqual([1, 2, 1, 2]);
  expect(meanMs(hls)).toBe(2050);
  expect(meanMs(dash)).toBe(1020);
  expect(meanMs(ll)).toBe((1020 + 1030) / 2);
  // The last frame came one frame before the end.
  expect(meanMs(partLatency)).toBe(frameMs + (20 + 30) / 2);
});

test('decode times that were moved later are moved back before frames are looked for', () => {
  const measured = new MeasuredStream();
  measured.targets(2);
  measured.offers('source', { delayTicks: 400 });
  measured.connect();
  measured.play(1000);
  measured.begins(1, 400);
  measured.part(0, 400, 1000);
  measured.ends(1);
  const { glassToPlaylist } = measured.levels.figures();
  expect([meanMs(glassToPlaylist.hls), meanMs(glassToPlaylist.ll)]).toEqual([1000, 1000]);
});

test('a segment that was broken off, and media that nobody remembers, are not measured', () => {
  const measured = new MeasuredStream();
  measured.targets(2);
  measured.offers('source');
  measured.connect();
  measured.play(1000);
  measured.begins(1, 0);
  measured.ends(1, 'source', 11_000);
  measured.begins(2, -500);
  measured.part(0, -500, 400);
  measured.ends(2);
  const { hls, ll } = measured.levels.figures().glassToPlaylist;
  expect([countOf(hls), countOf(ll)]).toEqual([0, 0]);
});

test('sound beside a picture is not measured; sound alone is', () => {
  const beside = new MeasuredStream();
  beside.targets(2);
  beside.offers('audio', { config: audioConfig });
  beside.connect();
  beside.play(1000);
  beside.begins(1, 0, 'audio');
  beside.part(0, 0, 1000, 'audio');
  beside.ends(1, 'audio');
  expect(countOf(beside.levels.figures().glassToPlaylist.ll)).toBe(0);

  const alone = new MeasuredStream();
  alone.targets(2);
  alone.offers('audio', { config: audioConfig });
  alone.connect('audio');
  alone.play(2000);
  alone.begins(1, 0, 'audio');
  alone.part(0, 0, 2000, 'audio');
  alone.ends(1, 'audio');
  const { hls, ll } = alone.levels.figures().glassToPlaylist;
  expect([countOf(hls), countOf(ll)]).toEqual([1, 1]);
});

test('a quality is as late as its segment is behind the first one that has it, however late that is', () => {
  const measured = new MeasuredStream();
  for (const name of ['source', '720p', '360p']) measured.offers(name);
  measured.begin();
  measured.ends(1, '720p');
  measured.silence(150);
  measured.ends(1, 'source');
  measured.silence(250);
  measured.ends(1, '360p');
  const { rungSkew } = measured.levels.figures();
  expect(countOf(rungSkew)).toBe(2);
  expect(round(rungSkew.sumSeconds)).toBe(0.15 + 0.4);

  for (let msn = 2; msn <= 12; msn++) {
    measured.silence(1000);
    measured.ends(msn, 'source');
  }
  const before = measured.levels.figures().rungSkew;
  measured.ends(2, '360p');
  const after = measured.levels.figures().rungSkew;
  // Eight are remembered: the oldest of them is seven seconds old.
  expect(countOf(after) - countOf(before)).toBe(1);
  expect(round(after.sumSeconds - before.sumSeconds)).toBe(7);
  measured.ends(12, '720p');
  expect(countOf(measured.levels.figures().rungSkew) - countOf(after)).toBe(1);
});

test('what is said of streams that have ended, or were never here, changes nothing', () => {
  const measured = new MeasuredStream();
  measured.targets(2);
  measured.offers('source');
  measured.connect();
  measured.play(1000);
  measured.leave('goodbye');
  const before = measured.levels.figures();
  measured.begins(1, 0);
  measured.part(0, 0, 1000);
  measured.ends(1);
  measured.silence(1000);
  measured.levels.look();
  expect(measured.levels.figures()).toEqual(before);
});
