import { expect, test } from 'vitest';
import { Delivery } from '../../src/delivery/delivery.ts';
import type { AccessUnit } from '../../src/media/track.ts';
import type { Publication } from '../../src/stream/publication.ts';
import { audioConfig, play, type SourceOptions, sourceUnits, videoConfig } from '../packager/broadcast.ts';
import { type EncoderOptions, type RungEncoder, rungConfig, TranscodedBroadcast } from '../packager/transcoded.ts';
import { checkAcross } from '../support/checker/cross-rules.ts';
import { Findings, type Report } from '../support/checker/findings.ts';
import { type MediaPlaylist, readMediaPlaylist } from '../support/checker/media-playlist.ts';
import { checkMediaPlaylist } from '../support/checker/media-rules.ts';
import { type Mpd, type MpdRepresentation, readMpd } from '../support/checker/mpd.ts';
import { checkMpd, checkMpdMutation } from '../support/checker/mpd-rules.ts';
import { checkMutation } from '../support/checker/mutation-rules.ts';
import { plannedRungs } from './feeder.ts';
import { ask, text, type Watched } from './viewer.ts';

const manifest = '/dash/st_1/manifest.mpd';
const stepMs = 100;

/** A real packager with encoders that lag, and what viewers are told of it, step by step. */
class Viewed {
  readonly broadcast = new TranscodedBroadcast({ windowMs: 16_000 });
  /** Renditions that are made on demand, as they were asked for. */
  readonly wanted: string[] = [];
  readonly delivery = new Delivery({
    clock: this.broadcast.clock,
    onWanted: (_, rendition) => this.wanted.push(rendition),
  });
  readonly rungs = new Map<string, RungEncoder>();
  private publication: Publication | undefined;
  private readonly units: readonly AccessUnit[];
  private playedMs = 0;
  private lostAtMs = 0;
  private told = 0;

  constructor(source: SourceOptions) {
    this.units = sourceUnits(source);
    this.connect();
  }

  get atMs(): number {
    return this.playedMs;
  }

  connect(): void {
    this.publication = this.broadcast.attach();
    this.publication.videoConfig(videoConfig);
    this.publication.audioConfig(audioConfig);
  }

  lose(): void {
    this.publication?.end('lost');
    this.publication = undefined;
    this.lostAtMs = this.playedMs;
  }

  /** Not for longer than a stream waits for its publisher. */
  get isLostForLong(): boolean {
    return this.publication === undefined && this.playedMs - this.lostAtMs > 10_000;
  }

  plan(...names: (keyof typeof plannedRungs)[]): void {
    this.tell();
    const renditions = names.map((name) => plannedRungs[name]);
    this.delivery.apply({ type: 'planned', streamId: 'st_1', renditions });
  }

  planOnDemand(name: keyof typeof plannedRungs): void {
    this.tell();
    const renditions = [{ ...plannedRungs[name], isOnDemand: true }];
    this.delivery.apply({ type: 'planned', streamId: 'st_1', renditions });
  }

  /** As `playTo`, with the ticks of a stream, which give up what does not come. */
  tickTo(ms: number): void {
    while (this.playedMs < ms) {
      this.step();
      this.broadcast.stream.tick();
    }
  }

  /** Nobody makes it any more for now. */
  rest(name: string): void {
    const { encoders, packager } = this.broadcast;
    encoders.splice(encoders.indexOf(this.rungs.get(name)!), 1);
    this.rungs.delete(name);
    packager.restRung(name);
  }

  encode(name: string, options: EncoderOptions & { readonly fromGop?: boolean } = {}): void {
    const { encoders } = this.broadcast;
    const before = this.rungs.get(name);
    if (before !== undefined) encoders.splice(encoders.indexOf(before), 1);
    const config = { ...rungConfig(Number.parseInt(name, 10)), codecString: 'avc1.64001f' };
    this.rungs.set(name, this.broadcast.encode(name, { config, fromGop: true, ...options }));
  }

  /** One step of the source's time; without a publisher it is lost. */
  step(): void {
    const untilMs = this.playedMs + stepMs;
    const units = this.units.filter(({ dtsMs }) => dtsMs >= this.playedMs && dtsMs < untilMs);
    if (this.publication === undefined || units.length === 0) this.broadcast.wait(stepMs);
    else play(this.broadcast, this.publication, units);
    this.playedMs = untilMs;
    this.tell();
  }

  playTo(ms: number): void {
    while (this.playedMs < ms) this.step();
  }

  answered(url: string): string | undefined {
    return textOf(ask(this.delivery, url));
  }

  private tell(): void {
    const { messages } = this.broadcast;
    for (; this.told < messages.length; this.told++) this.delivery.apply(messages[this.told]!);
  }
}

function textOf({ reply }: Watched): string | undefined {
  return reply?.kind === 'whole' && reply.status === 200 ? text(reply) : undefined;
}

const offers = (mpd: Mpd) =>
  mpd.periods.map(({ id, representations }) => `${id}: ${representations.map((one) => one.id).join(' ')}`);

test('a ladder that is planned with the first complete GOP is in the first MPD and playlist, whole', () => {
  const viewed = new Viewed({ fps: 30, gopFrames: 60, seconds: 20 });
  viewed.playTo(2100);
  viewed.plan('720p', '480p');
  const early = [manifest, '/hls/st_1/index.m3u8', '/hls/st_1/480p/index.m3u8'].map((url) => ask(viewed.delivery, url));
  viewed.encode('720p', { lagMs: 150 });
  viewed.encode('480p', { lagMs: 150 });
  const answeredMs = early.map(() => 0);
  while (viewed.atMs < 4400) {
    viewed.step();
    for (const [index, { reply }] of early.entries()) if (reply !== undefined) answeredMs[index] ||= viewed.atMs;
  }
  // The first segment of a rung is complete a moment after the second one of the source.
  for (const atMs of answeredMs) expect([4100, 4200, 4300]).toContain(atMs);
  const [mpd, multivariant, media] = early.map(textOf);
  expect(offers(readMpd(mpd!, 'http://h/dash/st_1/manifest.mpd', () => {})!)).toEqual([
    'p1: source audio',
    'p2: source 720p 480p audio',
  ]);
  expect(multivariant!.match(/^\w+\/index/gm)).toEqual(['source/index', '720p/index', '480p/index']);
  expect(media).toContain('#EXT-X-MEDIA-SEQUENCE:2\n');
});

/** Looks at everything that viewers are told, as strictly as it can be looked at without a socket. */
class Inspector {
  private readonly viewed: Viewed;
  private readonly findings: Findings;
  private readonly playlists = new Map<string, MediaPlaylist>();
  private names: readonly string[] = [];
  private manifest: { readonly text: string; readonly mpd: Mpd } | undefined;
  /** What each Period offered when it was seen last. */
  readonly offered = new Map<string, string>();

  constructor(viewed: Viewed, findings: Findings) {
    this.viewed = viewed;
    this.findings = findings;
  }

  look(): void {
    const [window] = this.viewed.delivery.streamWindows;
    const names = [...(window?.renditions.keys() ?? [])];
    this.names = names;
    for (const name of [...this.playlists.keys()]) if (!names.includes(name)) this.playlists.delete(name);
    for (const name of names) this.lookAtPlaylist(name);
    const source = this.playlists.get('source');
    for (const [name, playlist] of this.playlists) {
      const report = this.findings.at(`source and ${name}`);
      // A rung has gaps of its own; sound begins at its own frame, behind an absence up to one later.
      if (source !== undefined) checkAcross(source, playlist, except(report, 'HLS-15', 'HLS-11'));
    }
    this.lookAtManifest();
  }

  private lookAtPlaylist(name: string): void {
    const made = this.viewed.answered(`/hls/st_1/${name}/index.m3u8`);
    if (made === undefined) return;
    const report = this.findings.at(name);
    const playlist = readMediaPlaylist(Buffer.from(made), report);
    checkMediaPlaylist(playlist, false, report);
    const before = this.playlists.get(name);
    // The end of a segment can only be guessed where keyframes come as they like.
    if (before !== undefined) checkMutation(before, playlist, except(report, 'LL-07'));
    this.playlists.set(name, playlist);
  }

  /** dash.js fails when a Representation goes from a Period that it plays, and shaka sees none that is added. */
  private checkOffer(id: string, representations: readonly MpdRepresentation[], report: Report): void {
    const now = representations.map((one) => one.id).join(' ');
    const before = this.offered.get(id);
    this.offered.set(id, now);
    const [grid] = representations;
    const newestMsn = this.playlists.get('source')?.segments.at(-1)?.msn ?? 0;
    const isAhead = grid!.startNumber > newestMsn;
    if (before === undefined || isAhead || grid!.timeline !== undefined) return;
    // What is gone altogether was left out of all Periods since.
    const still = before.split(' ').filter((name) => this.names.includes(name));
    if (still.join(' ') !== now) report('offer', `${id}: ${before}, then ${now}`);
  }

  private lookAtManifest(): void {
    const made = this.viewed.answered(manifest);
    if (made === undefined) return;
    const report = this.findings.at('MPD');
    const mpd = readMpd(made, `http://localhost${manifest}`, report);
    if (mpd === undefined) return;
    // An MPD whose newest Period lists complete segments does not claim low latency, though an older one has it; and a publisher
    // that breaks off may leave one short segment between two Periods.
    checkMpd(mpd, except(report, 'D-03', 'D-13', 'D-05'));
    const before = this.manifest;
    if (before !== undefined) checkMpdMutation(before.mpd, mpd, [before.text, made], report);
    this.manifest = { text: made, mpd };
    for (const { id, representations } of mpd.periods) this.checkOffer(id!, representations, report);
    for (const one of mpd.periods.flatMap(({ representations }) => representations)) {
      for (const { number } of one.timeline ?? []) {
        const path = new URL(one.mediaUrl(number, 0)).pathname;
        const status = ask(this.viewed.delivery, path).reply?.status;
        if (status !== 200) report('D-06', `${path} is ${status}`);
      }
    }
  }
}

function except(report: Report, ...rules: readonly string[]): Report {
  return (rule, detail) => {
    if (!rules.includes(rule)) report(rule, detail);
  };
}

test('a rung that rests stays on offer, and who asks for it waits until it is made again', () => {
  const viewed = new Viewed({ fps: 30, gopFrames: 60, seconds: 50 });
  const findings = new Findings();
  const inspector = new Inspector(viewed, findings);
  const playTo = (ms: number) => {
    while (viewed.atMs < ms) {
      viewed.tickTo(viewed.atMs + stepMs);
      inspector.look();
    }
  };
  viewed.playTo(2100);
  viewed.planOnDemand('480p');
  viewed.encode('480p');
  playTo(8500);
  const newestOffer = () => offers(readMpd(viewed.answered(manifest)!, `http://h${manifest}`, () => {})!).at(-1);
  const offeredBefore = newestOffer();
  expect(offeredBefore).toMatch(/source 480p audio$/);
  viewed.rest('480p');
  playTo(19_000);
  viewed.playTo(20_500);
  expect(newestOffer()).toBe(offeredBefore);
  expect(viewed.answered('/hls/st_1/index.m3u8')).toContain('480p/index.m3u8');

  viewed.wanted.length = 0;
  ask(viewed.delivery, '/dash/st_1/480p/segment-11.m4s');
  expect(viewed.wanted).toEqual(['480p']);
  const playlist = ask(viewed.delivery, '/hls/st_1/480p/index.m3u8');
  viewed.playTo(21_000);
  expect(playlist.reply).toBeUndefined();
  viewed.encode('480p');
  viewed.playTo(21_700);
  const told = textOf(playlist)!;
  const begun = told.slice(told.lastIndexOf('#EXT-X-GAP'));
  const msn = Number(/#EXT-X-PART:DURATION=0\.50000,URI="segment-(\d+)\.0\.m4s"/.exec(begun)?.[1]);
  expect(begun).toContain(`segment-${msn - 1}.m4s\n`);
  expect(ask(viewed.delivery, `/dash/st_1/480p/segment-${msn}.m4s`).reply).toMatchObject({ status: 200 });
  playTo(30_000);
  expect(findings.all).toEqual([]);
});

test('who asks for a resting rung that nobody makes is told its gaps after two seconds', () => {
  const viewed = new Viewed({ fps: 30, gopFrames: 60, seconds: 50 });
  viewed.playTo(2100);
  viewed.planOnDemand('480p');
  viewed.encode('480p');
  viewed.playTo(8500);
  viewed.rest('480p');
  viewed.tickTo(26_500);
  const playlist = ask(viewed.delivery, '/hls/st_1/480p/index.m3u8');
  viewed.playTo(28_200);
  expect(playlist.reply).toBeUndefined();
  viewed.playTo(29_000);
  const told = textOf(playlist)!;
  expect(told.match(/#EXT-X-GAP/g)!.length).toBeGreaterThan(2);
  expect(told.slice(told.indexOf('#EXT-X-GAP'))).not.toContain('#EXT-X-PART:');
});

test('a rung that is made again before four target durations are over misses no segment that began meanwhile', () => {
  const viewed = new Viewed({ fps: 30, gopFrames: 60, seconds: 50 });
  viewed.playTo(2100);
  viewed.planOnDemand('480p');
  viewed.encode('480p');
  viewed.playTo(8500);
  const encoder = viewed.rungs.get('480p')!;
  encoder.isStalled = true;
  viewed.broadcast.packager.restRung('480p');
  viewed.playTo(14_500);
  const { keptFromMs } = viewed.broadcast.packager;
  expect(viewed.answered('/hls/st_1/source/index.m3u8')).toMatch(/segment-7\.m4s\n/);
  const playlist = ask(viewed.delivery, '/hls/st_1/480p/index.m3u8');
  expect(playlist.reply).toBeUndefined(); // it waits until the rung has caught up
  encoder.restart();
  viewed.playTo(15_000);
  expect(textOf(playlist)).toMatch(/segment-6\.m4s\n[\s\S]*URI="segment-7\.0\.m4s"/);
  const [broken, ...others] = viewed.answered('/hls/st_1/480p/index.m3u8')!.split('#EXT-X-GAP');
  expect(broken).toMatch(/segment-4\.m4s\n/); // it rested in the middle of the next one
  expect(others).toHaveLength(1);
  expect(others[0]).toMatch(/segment-6\.m4s\n[\s\S]*segment-7\.m4s\n[\s\S]*URI="segment-8\.0\.m4s"/);
  expect(viewed.broadcast.packager.keptFromMs! - keptFromMs!).toBeCloseTo(4000, -2);
});

/** Linear congruential: the same numbers for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test('whatever happens to publisher and encoders, playlists and manifests keep the rules', () => {
  const names = ['720p', '480p', '360p'] as const;
  let periods = 0;
  for (let seed = 1; seed <= 3; seed++) {
    const viewed = new Viewed({ fps: 30, gopFrames: seed % 2 === 0 ? [60, 58, 61, 62, 59] : 60, seconds: 50 });
    const findings = new Findings();
    const inspector = new Inspector(viewed, findings);
    const random = randomOf(seed);
    const events = [
      (name: string) => viewed.encode(name, { lagMs: random(400) }),
      (name: string) => viewed.encode(name, { lagMs: 100 }),
      (name: string) => viewed.broadcast.packager.removeRung(name),
      (name: string) => {
        const rung = viewed.rungs.get(name);
        if (rung !== undefined) rung.isStalled = true;
      },
      (name: string) => viewed.rungs.get(name)?.restart(),
      (name: string) => viewed.rungs.get(name)?.begin(),
      () => viewed.lose(),
      () => viewed.connect(), // a takeover, where the publisher is still there
    ];
    viewed.playTo(2100);
    viewed.plan(...names);
    for (const name of names) viewed.encode(name);
    while (viewed.atMs < 50_000) {
      if (random(15) === 0) events[random(events.length)]!(names[random(3)]!);
      if (viewed.isLostForLong) viewed.connect();
      viewed.step();
      inspector.look();
    }
    expect({ seed, found: findings.all }).toEqual({ seed, found: [] });
    periods += inspector.offered.size;
  }
  expect(periods).toBeGreaterThan(10);
});
