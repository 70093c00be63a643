import { expect, test } from 'vitest';
import { Delivery } from '../../src/delivery/delivery.ts';
import { Findings } from '../support/checker/findings.ts';
import { readMpd } from '../support/checker/mpd.ts';
import { checkMpd, checkMpdMutation } from '../support/checker/mpd-rules.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { Feeder, type FeedRendition, streamStartMs } from './feeder.ts';
import { type Period, parseMpd } from './mpd.ts';
import { ask, get, getText, rig, text } from './viewer.ts';

const url = '/dash/st1/manifest.mpd';

/** One segment of all; those that follow come a part later than what leads them. */
function together(leaders: readonly FeedRendition[], followers: readonly FeedRendition[] = [], partMs = 500): void {
  for (const one of leaders) one.open();
  for (const one of leaders) one.part({ partMs });
  for (const one of followers) {
    if (one.isOpen) one.close();
    one.open();
  }
  for (let i = 1; i < 4; i++) {
    for (const one of [...leaders, ...followers]) one.part({ partMs });
  }
  for (const one of followers) one.part({ partMs });
  for (const one of leaders) one.close();
}

/** Source and sound, `count` segments of both. */
function live(count = 1, change: Parameters<typeof rig>[0] = {}) {
  const made = rig(change);
  const source = made.feeder.video();
  const audio = made.feeder.audio();
  const next = (...rungs: FeedRendition[]) => together([source, audio], rungs);
  for (let i = 0; i < count; i++) next();
  return { ...made, source, audio, next };
}

const periodsOf = (delivery: Delivery): Period[] => parseMpd(getText(delivery, url)).periods;

/** What each Period offers of pictures, where it begins and how long it is said to last. */
function offers(delivery: Delivery) {
  return periodsOf(delivery).map(({ id, start, duration, sets }) => {
    const video = sets.find(({ kind }) => kind === 'video');
    return [id, start, duration, video?.representations.map((one) => one.id).join(' ')];
  });
}

test('rungs from the first segment on are Representations of one AdaptationSet, best first, on one grid', () => {
  const { delivery, feeder } = rig();
  feeder.plan('720p', '480p');
  const source = feeder.video('source', { widthPixels: 1920, heightPixels: 1080 });
  const rungs = [feeder.rung('480p'), feeder.rung('720p')];
  together([source, feeder.audio()], rungs);
  for (const rung of rungs) rung.close();
  const [period, ...others] = periodsOf(delivery);
  expect(others).toEqual([]);
  const [video, audio] = period!.sets;
  expect(audio?.kind).toBe('audio');
  expect(video!.attributes).toMatchObject({
    segmentAlignment: 'true',
    startWithSAP: '1',
    maxWidth: '1920',
    maxHeight: '1080',
    maxFrameRate: '30',
  });
  expect(video!.representations.map(({ attributes }) => [attributes.id, attributes.width, attributes.height])).toEqual([
    ['source', '1920', '1080'],
    ['720p', '1280', '720'],
    ['480p', '854', '480'],
  ]);
  const templates = video!.representations.map(({ template: { initialization: _, media: __, ...grid } }) => grid);
  expect(new Set(templates.map((grid) => JSON.stringify(grid))).size).toBe(1);
  expect(templates[0]).toMatchObject({ startNumber: '1', duration: '180000', availabilityTimeComplete: 'false' });
  expect(video!.representations[2]?.attributes.bandwidth).toBe('1540000');
});

test('rungs that begin with the second segment are in the first MPD, though they have none complete', () => {
  const { delivery, feeder, source, audio, clock } = live();
  feeder.plan('720p', '480p');
  const first = ask(delivery, url);
  for (const one of [source, audio]) one.open();
  const rungs = [feeder.rung('720p', source), feeder.rung('480p', source)];
  for (const rung of rungs) rung.open();
  for (const one of [source, audio, ...rungs]) one.part();
  expect(first.reply).toBeUndefined();
  clock.advance(2010);
  expect(first.reply?.status).toBe(200);
  expect(offers(delivery)).toEqual([
    ['p1', 'PT0S', 'PT2S', 'source'],
    ['p2', 'PT2S', undefined, 'source 720p 480p'],
  ]);
  const [, second] = periodsOf(delivery);
  expect(second?.sets.map(({ kind }) => kind)).toEqual(['video', 'audio']);
  for (const set of second!.sets) {
    for (const { id, template } of set.representations) {
      expect([template.startNumber, template.initialization]).toEqual(['2', `${id}/init-1.mp4`]);
      expect(ask(delivery, `/dash/st1/${id}/segment-2.m4s`).reply?.kind).toBe('progressive');
    }
  }
});

test('the first MPD is given as soon as all that is planned has a complete segment', () => {
  const { delivery, feeder, source, next } = live();
  feeder.plan('480p');
  const first = ask(delivery, url);
  const rung = feeder.rung('480p', source);
  next(rung);
  expect(first.reply).toBeUndefined();
  rung.close();
  expect(first.reply?.kind === 'whole' && text(first.reply)).toContain('<Representation id="480p"');
});

test('a rung that begins later has a Period of its own from the next segment on, told before that begins', () => {
  const { delivery, feeder, source, next } = live(5);
  getText(delivery, url);
  const rung = feeder.rung('480p', source);
  feeder.plan('480p');
  next(rung);
  expect(offers(delivery)).toEqual([['p1', 'PT0S', undefined, 'source']]);
  source.open();
  const told = [
    ['p1', 'PT0S', 'PT14S', 'source'],
    ['p8', 'PT14S', undefined, 'source 480p'],
  ];
  expect(offers(delivery)).toEqual(told);
  for (let i = 0; i < 4; i++) source.part();
  source.close();
  rung.close();
  rung.segment();
  for (let i = 0; i < 2; i++) {
    together([source], [rung]);
    expect(offers(delivery)).toEqual(told);
  }
  const { mpd, periods } = parseMpd(getText(delivery, url));
  expect(mpd.profiles).toContain('low-latency');
  const representations = periods[1]!.sets[0]!.representations;
  expect(representations.map(({ template }) => [template.startNumber, template.presentationTimeOffset])).toEqual([
    ['8', '1260000'],
    ['8', '1260000'],
  ]);
});

test('rungs of one ffmpeg, which begin almost together, come with one Period', () => {
  const { delivery, feeder, source, next } = live(3);
  feeder.plan('720p', '480p', '360p');
  const rungs = [feeder.rung('480p', source), feeder.rung('360p', source), feeder.rung('720p', source)];
  next(...rungs);
  next(...rungs);
  next(...rungs);
  expect(offers(delivery).map(([id, , , names]) => [id, names])).toEqual([
    ['p1', 'source'],
    ['p6', 'source 720p 480p 360p'],
  ]);
});

test('a withdrawn rung is left out from the next segment on, while the others keep their grid', () => {
  const { delivery, feeder, source, next } = live(0);
  feeder.plan('720p', '480p');
  const rungs = [feeder.rung('720p'), feeder.rung('480p')] as const;
  for (let i = 0; i < 4; i++) next(...rungs);
  source.open();
  source.part();
  rungs[0].close();
  rungs[0].withdraw();
  expect(offers(delivery)).toEqual([
    ['p1', 'PT0S', 'PT10S', 'source 720p 480p'],
    ['p6', 'PT10S', undefined, 'source 480p'],
  ]);
  for (let i = 1; i < 4; i++) source.part();
  source.close();
  rungs[0].gap(2000);
  rungs[1].close();
  rungs[1].segment();
  for (let i = 0; i < 12; i++) {
    next(rungs[1]);
    rungs[0].gap(2000);
  }
  rungs[0].gone();
  expect(offers(delivery)).toEqual([['p6', 'PT10S', undefined, 'source 480p']]);
  expect(get(delivery, '/dash/st1/720p/segment-18.m4s').status).toBe(404);
});

test('a rung that misses a segment is left out, and taken in again when it goes on', () => {
  const { delivery, feeder, next } = live(0);
  feeder.plan('480p');
  const rung = feeder.rung('480p');
  for (let i = 0; i < 3; i++) next(rung);
  rung.close();
  next();
  rung.gap(2000);
  next();
  rung.gap(2000);
  for (let i = 0; i < 3; i++) next(rung);
  rung.close();
  expect(offers(delivery).map(([id, start, , names]) => [id, start, names])).toEqual([
    ['p1', 'PT0S', 'source 480p'],
    ['p6', 'PT10S', 'source'],
    ['p8', 'PT14S', 'source 480p'],
  ]);
  expect(parseMpd(getText(delivery, url)).mpd.profiles).toContain('low-latency');
});

test('a rung that is only a little late stays', () => {
  const { delivery, feeder, source, next } = live(0);
  feeder.plan('480p');
  const rung = feeder.rung('480p');
  next(rung);
  // The source is a segment ahead now.
  source.segment();
  for (let i = 0; i < 3; i++) {
    source.segment();
    rung.close();
    rung.open();
    for (let j = 0; j < 4; j++) rung.part();
  }
  expect(offers(delivery)).toEqual([['p1', 'PT0S', undefined, 'source 480p']]);
});

test('where complete segments are listed, a Period with a new rung is listed once each has one', () => {
  const { delivery, feeder, source, audio } = live(2);
  const irregular = (...rungs: FeedRendition[]) => together([source, audio], rungs, 300 + 50 * (source.msn % 3));
  for (let i = 0; i < 3; i++) irregular();
  const listed = () => periodsOf(delivery).map(({ sets }) => sets[0]!.representations.map(({ timeline }) => timeline));
  getText(delivery, url);
  feeder.plan('480p');
  const before = offers(delivery).length;
  const rung = feeder.rung('480p', source);
  irregular(rung);
  irregular(rung);
  irregular(rung);
  expect(offers(delivery)).toHaveLength(before);
  rung.close();
  const [id, , , names] = offers(delivery).at(-1)!;
  expect([id, names]).toEqual([`p${source.msn}`, 'source 480p']);
  const [ofSource, ofRung] = listed().at(-1)!;
  expect(ofRung).toEqual(ofSource);
  expect(parseMpd(getText(delivery, url)).mpd.profiles).not.toContain('low-latency');
});

test('a hole in a list ends what is listed of the rung, so that its numbers run through', () => {
  const { delivery, feeder, source, audio } = live(0);
  feeder.plan('480p');
  const rung = feeder.rung('480p');
  together([source, audio], [rung], 200);
  for (let i = 0; i < 2; i++) together([source, audio], [rung], 500);
  rung.close();
  source.segment();
  rung.gap(2000);
  source.open();
  rung.open();
  rung.part();
  rung.close();
  const [, ofRung] = periodsOf(delivery)[0]!.sets[0]!.representations;
  expect([ofRung?.id, ofRung?.template.startNumber]).toEqual(['480p', '1']);
  const count = ofRung!.timeline.reduce((sum, { r }) => sum + Number(r ?? 0) + 1, 0);
  expect(count).toBe(3);
});

test('when the segment that was announced comes otherwise, another Period begins there', () => {
  for (const how of ['discontinuity', 'gap', 'early'] as const) {
    const { delivery, feeder, source, audio, next } = live(3);
    getText(delivery, url);
    feeder.plan('480p');
    const rung = feeder.rung('480p', source);
    next(rung);
    source.open();
    expect(offers(delivery).at(-1)).toEqual(['p6', 'PT10S', undefined, 'source 480p']);
    source.part();
    source.close();
    audio.segment({ parts: 1 });
    rung.close();
    rung.segment({ parts: 1 });
    if (how === 'gap') source.gap(3000);
    source.segment({ isDiscontinuity: how !== 'early' });
    const ends = offers(delivery);
    expect(ends[0]).toEqual(['p1', 'PT0S', how === 'gap' ? 'PT8.5S' : 'PT8.5S', 'source']);
    expect(ends.slice(1).map(([id, start]) => [id, start])).toEqual([
      how === 'gap' ? ['p7', 'PT11.5S'] : ['p6r', 'PT8.5S'],
    ]);
  }
});

test('behind a discontinuity the rungs that begin with it are in its Period', () => {
  const { delivery, feeder, source, audio } = live(0);
  feeder.plan('480p', '360p');
  const rungs = [feeder.rung('480p'), feeder.rung('360p')];
  for (let i = 0; i < 3; i++) together([source, audio], rungs);
  for (const one of [source, audio, ...rungs]) {
    if (one.isOpen) one.close();
    one.describe(2);
    one.open({ isDiscontinuity: true });
    one.part();
  }
  for (let i = 0; i < 3; i++) for (const one of [source, audio]) one.part();
  for (const one of [source, audio]) one.close();
  expect(offers(delivery).at(-1)).toEqual(['p4', 'PT6S', undefined, 'source 480p 360p']);
  const { representations } = periodsOf(delivery).at(-1)!.sets[0]!;
  expect(representations.map(({ template }) => template.initialization)).toEqual([
    'source/init-2.mp4',
    '480p/init-2.mp4',
    '360p/init-2.mp4',
  ]);
});

test('an end takes back what was announced', () => {
  const { delivery, feeder, source, next } = live(3);
  getText(delivery, url);
  feeder.plan('480p');
  next(feeder.rung('480p', source));
  source.open();
  expect(offers(delivery)).toHaveLength(2);
  source.part();
  source.close();
  feeder.end();
  expect(offers(delivery)).toEqual([['p1', 'PT0S', 'PT8.5S', 'source']]);
  expect(parseMpd(getText(delivery, url)).mpd.mediaPresentationDuration).toBe('PT8.5S');
});

test('the next segment of a rung is waited for by the time of the source, though the rung is a segment behind', () => {
  const { delivery, feeder, clock, next, source } = live(0);
  feeder.plan('480p');
  const rung = feeder.rung('480p');
  for (let i = 0; i < 3; i++) next(rung);
  source.open();
  clock.advance(8000);
  const due = ask(delivery, '/dash/st1/480p/segment-5.m4s');
  expect(due.reply).toBeUndefined();
  expect(get(delivery, '/dash/st1/480p/segment-6.m4s').status).toBe(404);
  rung.close();
  rung.segment();
  rung.open();
  rung.part();
  expect(due.reply?.kind).toBe('progressive');
});

/** Mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function numbers(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, Math.floor(last) - first + 1) }, (_, index) => first + index);
}

/** What comes and goes, as a packager would say it: a rung never misses a segment while it runs. */
function* story(feeder: Feeder, seed: number): Generator<void> {
  const random = randomOf(seed);
  const source = feeder.video();
  const audio = feeder.audio();
  feeder.plan('720p', '480p', '360p');
  const known = new Map<string, FeedRendition>();
  const running = new Set<FeedRendition>();
  for (let i = 0; i < 60; i++) {
    const isDiscontinuity = random() < 0.05;
    const parts = random() < 0.9 ? 4 : 2;
    for (const one of [source, audio]) one.open({ isDiscontinuity });
    yield;
    for (const name of ['720p', '480p', '360p'] as const) {
      const rung = known.get(name);
      if (random() > (rung === undefined ? 0.3 : 0.1)) continue;
      if (rung === undefined) {
        const made = feeder.rung(name, source);
        known.set(name, made);
        running.add(made);
      } else if (running.has(rung)) {
        running.delete(rung);
        if (rung.isOpen) rung.close();
        rung.withdraw();
      } else if (!isDiscontinuity) {
        rung.describe(1);
        running.add(rung);
      }
    }
    for (const one of [source, audio]) one.part();
    yield;
    for (const rung of known.values()) {
      if (rung.isOpen) rung.close();
      if (running.has(rung)) rung.open({ isDiscontinuity });
      else rung.gap(2000, isDiscontinuity);
      if (!running.has(rung)) rung.endMs = source.startMs + parts * 500;
    }
    yield;
    for (let part = 1; part < parts; part++) for (const one of [source, audio, ...running]) one.part();
    for (const one of running) one.part();
    yield;
    for (const one of [source, audio]) one.close();
    yield;
  }
}

test('whatever rungs come and go, each MPD keeps the rules, follows from the one before, and promises only what is there', () => {
  for (let seed = 1; seed <= 12; seed++) {
    const { delivery, feeder, clock } = rig({ windowMs: 12_000 });
    const findings = new Findings();
    const reportAll = findings.at(`seed ${seed}`);
    // An MPD whose newest Period lists complete segments does not claim low latency, though an older one has it.
    const report: typeof reportAll = (rule, detail) => {
      if (rule !== 'D-03' && rule !== 'D-13') reportAll(rule, detail);
    };
    let last: { text: string; mpd: NonNullable<ReturnType<typeof readMpd>> } | undefined;
    const sets = new Map<string, string>();
    for (const _ of story(feeder, seed)) {
      clock.advance(400);
      const { reply } = ask(delivery, url);
      if (reply?.kind !== 'whole' || reply.status !== 200) continue;
      const made = text(reply);
      const mpd = readMpd(made, `http://localhost${url}`, report);
      if (mpd === undefined) throw new Error(made);
      checkMpd(mpd, report);
      if (last !== undefined) checkMpdMutation(last.mpd, mpd, [last.text, made], report);
      last = { text: made, mpd };
      const { segments } = [...delivery.streamWindows][0]!.renditions.get('source')!;
      const [oldest, newest] = [segments[0]!.msn, segments.at(-1)!.msn];
      for (const { id, durationSeconds, representations } of mpd.periods) {
        const now = representations.map((one) => one.id).join(' ');
        const before = sets.get(id!);
        // A future Period may lose what is withdrawn before it begins; else a set is for good.
        if (before !== undefined && !now.split(' ').every((name) => before.split(' ').includes(name))) {
          report('set', `${id}: ${before}, then ${now}`);
        }
        sets.set(id!, now);
        const grid = representations[0]!;
        const ticks = (durationSeconds ?? Number.POSITIVE_INFINITY) * grid.timescale;
        const beyond = grid.startNumber + ticks / (grid.fixedDurationTicks ?? 1);
        for (const one of representations) {
          const listed = one.timeline?.map(({ number }) => number) ?? [];
          // A rung may be withdrawn in the middle of the last segment that was promised.
          const promised = numbers(Math.max(one.startNumber, oldest), Math.min(beyond, newest) - 2);
          for (const number of one.timeline === undefined ? promised : listed) {
            const path = new URL(one.mediaUrl(number, 0)).pathname;
            if (get(delivery, path).status !== 200) report('D-06', `${path} is ${get(delivery, path).status}`);
          }
        }
      }
    }
    expect(sets.size).toBeGreaterThan(3);
    expect(findings.all).toEqual([]);
  }
});

test('another delivery that takes over in the middle says the same from then on', () => {
  for (let seed = 1; seed <= 4; seed++) {
    const clock = new ManualClock(streamStartMs);
    const delivery = new Delivery({ clock });
    const readers = [delivery];
    const feeder = new Feeder((message) => {
      for (const reader of readers) reader.apply(message);
    });
    let steps = 0;
    for (const _ of story(feeder, seed)) {
      clock.advance(400);
      ask(delivery, url);
      if (++steps === 97) {
        const other = new Delivery({ clock });
        for (const snapshot of delivery.snapshots()) other.restore(structuredClone(snapshot));
        readers.push(other);
      }
      const [first, second] = readers.map((reader) =>
        [url, '/hls/st1/index.m3u8', '/hls/st1/ts.m3u8', '/hls/st1/source/index.m3u8'].map((path) => {
          const { reply } = ask(reader, path);
          return reply?.kind === 'whole' ? text(reply).replace(/publishTime="[^"]*"/, '') : 'held';
        }),
      );
      if (second !== undefined) expect(second).toEqual(first);
    }
    expect(readers).toHaveLength(2);
  }
});
