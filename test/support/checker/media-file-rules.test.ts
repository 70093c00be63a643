import { expect, test } from 'vitest';
import { checkInit, checkSegment, type InitFacts } from './cmaf-rules.ts';
import { checkFlushes } from './mpd-watch.ts';
import { checkTransportSegment } from './ts-rules.ts';

const u32 = (...values: number[]) => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, index * 4);
  return bytes;
};
const box = (type: string, ...content: Uint8Array[]) => {
  const body = Buffer.concat(content);
  return Buffer.concat([u32(body.length + 8), Buffer.from(type, 'latin1'), body]);
};

interface ChunkOptions {
  tfdt?: number;
  isBaseMoof?: boolean;
  trunVersion?: 0 | 1;
  offset?: number;
  firstIsSync?: boolean;
  dataOffset?: number;
  mdatBytes?: number;
  durations?: number[];
  trafs?: number;
}

/** moof and mdat of two samples of ten bytes each, one second at a timescale of 1000 by default. */
function chunk(options: ChunkOptions = {}): Buffer {
  const {
    tfdt = 0,
    isBaseMoof = true,
    trunVersion = 1,
    offset = 40,
    firstIsSync = true,
    durations = [500, 500],
  } = options;
  const build = (dataOffset: number) => {
    const samples = durations.map((duration, index) =>
      u32(duration, 10, index === 0 && firstIsSync ? 0x02000000 : 0x01010000, offset),
    );
    const traf = box(
      'traf',
      box('tfhd', u32(isBaseMoof ? 0x020000 : 0, 1)),
      box('tfdt', u32(0x01000000, 0, tfdt)),
      box('trun', u32((trunVersion << 24) | 0xf01, durations.length, dataOffset), ...samples),
    );
    return box('moof', box('mfhd', u32(0, 1)), ...new Array(options.trafs ?? 1).fill(traf));
  };
  const moof = build(build(0).length + 8);
  return Buffer.concat([
    options.dataOffset === undefined ? moof : build(options.dataOffset),
    box('mdat', Buffer.alloc(options.mdatBytes ?? durations.length * 10)),
  ]);
}

const styp = box('styp', Buffer.from('msdh'), u32(0), Buffer.from('msdhcmfs'));
const prft = box('prft', u32(0, 1, 0, 0, 0));
const video: InitFacts = { timescale: 1000, isVideo: true, hasEditList: false, codec: 'avc1.64001f' };

function segmentRules(bytes: Uint8Array, init = video): string[] {
  const rules: string[] = [];
  checkSegment(bytes, init, true, (rule) => rules.push(rule));
  return rules;
}

test('a correct segment has no findings, and gives its times', () => {
  const bytes = Buffer.concat([styp, prft, chunk(), prft, chunk({ tfdt: 1000, firstIsSync: false })]);
  expect(segmentRules(bytes)).toEqual([]);
  const facts = checkSegment(bytes, video, true, () => {});
  expect(facts).toMatchObject({ startTicks: 0, durationTicks: 2000, firstPresentationTicks: 40, beginsWithSync: true });
});

const brokenSegments: readonly [rule: string, what: string, bytes: Uint8Array][] = [
  ['C-01', 'a decode time that is no running sum', Buffer.concat([styp, chunk(), chunk({ tfdt: 1001 })])],
  ['C-01', 'a sample without duration', Buffer.concat([styp, chunk({ durations: [500, 0] })])],
  ['C-02', 'offsets that are not from the moof', Buffer.concat([styp, chunk({ isBaseMoof: false })])],
  ['C-02', 'two track fragments', Buffer.concat([styp, chunk({ trafs: 2 })])],
  ['C-02', 'a wrong data offset', Buffer.concat([styp, chunk({ dataOffset: 12 })])],
  ['C-02', 'more data than samples', Buffer.concat([styp, chunk({ mdatBytes: 30 })])],
  ['C-02', 'a box cut short', Buffer.concat([styp, chunk()]).subarray(0, -3)],
  ['C-02', 'no fragment', styp],
  [
    'C-04',
    'reordered frames in a version 0 run without an edit list',
    Buffer.concat([styp, chunk({ trunVersion: 0 })]),
  ],
  ['C-08', 'no styp', chunk()],
  ['C-08', 'styp again', Buffer.concat([styp, chunk(), styp, chunk({ tfdt: 1000 })])],
  ['C-08', 'prft after the moof', Buffer.concat([styp, chunk(), prft])],
  ['C-08', 'sidx', Buffer.concat([styp, box('sidx'), chunk()])],
];

test.each(brokenSegments)('%s is found in a segment with %s', (rule, _what, bytes) => {
  expect(segmentRules(bytes)).toContain(rule);
});

test('a segment that begins with no sync sample is told apart', () => {
  const facts = checkSegment(Buffer.concat([styp, chunk({ firstIsSync: false })]), video, true, () => {});
  expect(facts?.beginsWithSync).toBe(false);
});

interface InitOptions {
  brands?: string;
  tracks?: number;
  extra?: Buffer;
  hasTrex?: boolean;
}

function init({
  brands = 'isomcmfccfhd',
  tracks = 1,
  extra = Buffer.alloc(0),
  hasTrex = true,
}: InitOptions = {}): Buffer {
  const avcC = box('avcC', Buffer.from([1, 0x64, 0, 0x1f, 0xff]));
  const stsd = box('stsd', u32(0, 1), box('avc1', Buffer.alloc(78), avcC));
  const mdia = box(
    'mdia',
    box('mdhd', u32(0, 0, 0, 1000, 0, 0)),
    box('hdlr', u32(0, 0), Buffer.from('vide'), Buffer.alloc(13)),
    box('minf', box('stbl', stsd)),
  );
  const traks = new Array(tracks).fill(box('trak', mdia));
  return Buffer.concat([
    box('ftyp', Buffer.from('iso6'), u32(0), Buffer.from(brands)),
    box('moov', ...traks, ...(hasTrex ? [box('mvex', box('trex', u32(0, 1, 1, 0, 0, 0)))] : [])),
    extra,
  ]);
}

function initRules(bytes: Uint8Array): string[] {
  const rules: string[] = [];
  checkInit(bytes, (rule) => rules.push(rule));
  return rules;
}

test('a correct init segment has no findings, and names its codec', () => {
  expect(initRules(init())).toEqual([]);
  expect(checkInit(init(), () => {})).toEqual(video);
});

test.each([
  ['C-02', 'two tracks', init({ tracks: 2 })],
  ['C-05', 'no CMAF brand', init({ brands: 'isomcfhd' })],
  ['C-05', 'no moov', init().subarray(0, 28)],
  ['C-05', 'no trex', init({ hasTrex: false })],
  ['C-06', 'file-level metadata', init({ extra: box('udta') })],
  ['C-07', 'no media profile', init({ brands: 'isomcmfc' })],
])('%s is found in an init segment with %s', (rule, _what, bytes) => {
  expect(initRules(bytes)).toContain(rule);
});

/** PAT, PMT on PID 256, and two packets of video on PID 257. */
function transport(): Uint8Array[] {
  const packet = (pid: number, counter: number, payload: number[]) => {
    const bytes = new Uint8Array(188).fill(0xff);
    bytes.set([0x47, 0x40 | (pid >> 8), pid & 0xff, 0x10 | counter, ...payload]);
    return bytes;
  };
  const pat = [0, 0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xe1, 0, 1, 2, 3, 4];
  return [packet(0, 0, pat), packet(256, 0, [0, 2]), packet(257, 7, [0]), packet(257, 8, [0])];
}

function transportRules(packets: readonly Uint8Array[]): string[] {
  const rules: string[] = [];
  checkTransportSegment(Buffer.concat(packets), (rule) => rules.push(rule));
  return rules;
}

test('a correct transport stream segment has no findings', () => {
  expect(transportRules(transport())).toEqual([]);
});

test.each([
  ['half a packet', (packets: Uint8Array[]) => [...packets, new Uint8Array(90)]],
  ['no PAT at its start', (packets: Uint8Array[]) => packets.slice(1)],
  ['no PMT after the PAT', (packets: Uint8Array[]) => packets.toSpliced(1, 1)],
  ['a packet lost', (packets: Uint8Array[]) => [...packets, packets[2] ?? new Uint8Array()]],
  ['a lost sync byte', (packets: Uint8Array[]) => [...packets, new Uint8Array(188)]],
])('HLS-21 is found in a transport stream segment with %s', (_what, edit) => {
  expect(transportRules(edit(transport()))).toContain('HLS-21');
});

test('D-16 is found when bytes pause inside a chunk, and not between chunks', () => {
  const body = Buffer.concat([styp, chunk(), chunk({ tfdt: 1000 })]);
  const flushed = (firstBytes: number, stalledMs = 0) => {
    const rules: string[] = [];
    const arrivals = [
      { atMs: 0, totalBytes: firstBytes },
      { atMs: 500, totalBytes: body.length },
    ];
    const fetched = {
      url: '',
      status: 200,
      headers: {},
      body,
      sha256: '',
      requestedMs: 0,
      firstByteMs: 0,
      lastByteMs: 500,
      arrivals,
    };
    const pressure = { stalledMs: () => stalledMs };
    checkFlushes(fetched, { lateMs: 400, dripMs: 150 }, pressure, (rule) => rules.push(rule));
    return rules;
  };
  const wholeChunk = styp.length + chunk().length;
  expect(flushed(wholeChunk)).toEqual([]);
  expect(flushed(wholeChunk + 100)).toEqual(['D-16']);
  expect(flushed(wholeChunk + 100, 300)).toEqual(['D-16']);
  expect(flushed(wholeChunk + 100, 400)).toEqual([]); // nobody could run meanwhile
  expect(flushed(wholeChunk - 28)).toEqual(['D-16']); // after the moof, before its mdat
});
