import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Publication } from '../../src/stream/publication.ts';
import { audioConfig, samplesOf, samplesOfSegment, videoConfig } from './broadcast.ts';
import { type RungEncoder, rungConfig, TranscodedBroadcast } from './transcoded.ts';

const names = ['480p', '360p'] as const;
/** Groups of one reference and two B-frames behind a keyframe, so that none reaches into the next GOP. */
const gops = [61, 40, 58, 70, 121];

/** A source that goes on through everything, and whatever may happen to it and to its rungs. */
class Chaos {
  readonly broadcast = new TranscodedBroadcast({ windowMs: 600_000 });
  private readonly rungs = new Map<string, RungEncoder>();
  private publication: Publication | undefined;
  private level = 0x1f;
  private atMs = 0;
  private audioAtMs = 0;
  private inGop = 0;
  private gop = 0;

  constructor(lagsMs: readonly number[]) {
    for (const [index, name] of names.entries()) this.add(name, lagsMs[index] ?? 40);
    this.reconnect();
  }

  readonly events = {
    play: (_: string, amount: number) => this.play(10 + amount),
    lose: () => {
      this.publication?.end('lost');
      this.publication = undefined;
    },
    reconnect: () => this.reconnect(),
    silence: (_: string, amount: number) => this.broadcast.wait(amount * 70),
    newSource: () => this.newSource(),
    stall: (name: string) => {
      const rung = this.rungs.get(name);
      if (rung !== undefined) rung.isStalled = true;
    },
    restart: (name: string) => this.rungs.get(name)?.restart(),
    begin: (name: string) => this.rungs.get(name)?.begin(),
    newRungEncoding: (name: string, amount: number) => this.rungs.get(name)?.reconfigure(rungConfig(360, 10 + amount)),
    repeat: (name: string, amount: number) => this.rungs.get(name)?.repeat(amount),
    remove: (name: string) => this.broadcast.packager.removeRung(name),
    add: (name: string, amount: number) => this.add(name, 5 + amount * 3),
  };

  end(): void {
    if (this.broadcast.stream.hasEnded) return;
    this.broadcast.drain();
    this.broadcast.packager.end();
  }

  private add(name: string, lagMs: number): void {
    const before = this.rungs.get(name);
    const { encoders } = this.broadcast;
    if (before !== undefined) encoders.splice(encoders.indexOf(before), 1);
    this.rungs.set(name, this.broadcast.encode(name, { lagMs, fromGop: true, config: rungConfig(360, this.level) }));
  }

  private reconnect(): void {
    if (this.broadcast.stream.hasEnded) return;
    this.publication = this.broadcast.attach();
    this.publication.videoConfig(this.source());
    this.publication.audioConfig(audioConfig);
    this.inGop = 0;
  }

  private newSource(): void {
    while (this.inGop % 3 !== 1) this.frame();
    for (const rung of this.rungs.values()) rung.flush();
    this.broadcast.clock.advance(400);
    this.level = this.level === 0x1f ? 0x1e : 0x1f;
    this.publication?.videoConfig(this.source());
    for (const rung of this.rungs.values()) rung.reconfigure(rungConfig(360, this.level));
    this.inGop = 0;
  }

  private source() {
    return { ...videoConfig, record: rungConfig(720, this.level).record };
  }

  private play(frames: number): void {
    for (let n = 0; n < frames; n++) this.frame();
  }

  private frame(): void {
    const { broadcast, publication } = this;
    broadcast.clock.advance(33);
    if (this.inGop % 3 === 0) broadcast.stream.tick();
    if (this.inGop === gops[this.gop]) {
      this.inGop = 0;
      this.gop = (this.gop + 1) % gops.length;
    }
    const compositionOffsetMs = this.inGop === 0 ? 33 : [99, 0, 0][(this.inGop - 1) % 3]!;
    const data = new Uint8Array(20);
    publication?.accessUnit({ kind: 'video', dtsMs: this.atMs, compositionOffsetMs, isSync: this.inGop === 0, data });
    for (; this.audioAtMs <= this.atMs; this.audioAtMs += 23) {
      publication?.accessUnit({ kind: 'audio', dtsMs: this.audioAtMs, compositionOffsetMs: 0, isSync: true, data });
    }
    this.atMs += 33;
    this.inGop++;
  }
}

/** What every viewer of a rung relies on, whatever has happened. */
function expectInStep(broadcast: TranscodedBroadcast, name: string): void {
  const source = new Map(broadcast.segments('source').map((segment) => [segment.msn, segment]));
  const segments = broadcast.segments(name);
  const pictures = new Set(samplesOf(broadcast, 'source').map(({ pts }) => pts));
  let lastDts = 0;
  let initVersion: number | undefined;
  for (const [index, segment] of segments.entries()) {
    const own = source.get(segment.msn)!;
    const before = segments[index - 1];
    expect(own).toMatchObject({
      isDiscontinuity: segment.isDiscontinuity,
      discontinuitySequence: segment.discontinuitySequence,
    });
    expect(Math.abs(segment.startTicks - own.startTicks)).toBeLessThanOrEqual(90);
    if (before !== undefined) {
      expect(segment.msn).toBe(before.msn + 1);
      expect(segment.startTicks).toBeGreaterThanOrEqual(before.startTicks + before.durationTicks);
    }
    if (own.isGap) expect(segment.isGap).toBe(true);
    if (segment.isDiscontinuity) initVersion = undefined;
    if (segment.isGap) continue;
    initVersion ??= segment.initVersion;
    expect(segment.initVersion).toBe(initVersion);
    const samples = samplesOfSegment(segment);
    const [first] = samplesOfSegment(own);
    if (first!.isSync) expect(samples[0]).toMatchObject({ isSync: true, pts: first!.pts });
    for (const { dts, pts } of samples) {
      expect(pictures.has(pts)).toBe(true);
      expect(dts).toBeGreaterThan(lastDts);
      lastDts = dts;
    }
  }
  expect(segments.at(-1)?.msn).toBe(broadcast.segments('source').at(-1)?.msn);
}

const step = fc.record({
  event: fc.constantFrom(...(Object.keys(new Chaos([]).events) as (keyof Chaos['events'])[])),
  rung: fc.constantFrom(...names),
  amount: fc.integer({ min: 0, max: 100 }),
});

test('whatever happens to publisher and encoders, rungs stay in step with the source', () => {
  let segments = 0;
  fc.assert(
    fc.property(
      fc.array(fc.nat(300), { minLength: 2, maxLength: 2 }),
      fc.array(step, { maxLength: 40 }),
      (lags, steps) => {
        const chaos = new Chaos(lags);
        for (const { event, rung, amount } of steps) {
          chaos.events[event](rung, amount);
          chaos.events.play(rung, amount);
        }
        chaos.end();
        for (const name of chaos.broadcast.windows.find('st_1')?.renditions.keys() ?? []) {
          if (name !== 'source' && name !== 'audio') expectInStep(chaos.broadcast, name);
          segments += chaos.broadcast.segments(name).length;
        }
      },
    ),
    { numRuns: 60 },
  );
  expect(segments).toBeGreaterThan(500);
});
