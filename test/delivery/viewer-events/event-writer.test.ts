import { expect, test } from 'vitest';
import { addressNetwork } from '../../../src/base/address-network.ts';
import { maxEvents, maxViewerNames, type ViewerEventBatch } from '../../../src/delivery/viewer-events/event-batch.ts';
import { type ViewerEvent, ViewerEventReader } from '../../../src/delivery/viewer-events/event-reader.ts';
import {
  type NewViewerEvent,
  ViewerEventWriter,
  viewerName,
} from '../../../src/delivery/viewer-events/event-writer.ts';

const stream = { streamId: 'st1', channel: 'show', targetDurationMs: 2000, partTargetMs: 500 };
const plain: NewViewerEvent = {
  ...{ kind: 'segment', stream: 1, rendition: '720p', isAudio: false, isDash: false, status: 200 },
  ...{ bytes: 1, msn: 1, index: 0, ageMs: undefined, isReload: false },
} as const;

/** A writer whose batches wait until they are read. */
function pair() {
  let nowMs = 1_795_413_827_906;
  const batches: ViewerEventBatch[] = [];
  const reader = new ViewerEventReader(3);
  const writer = new ViewerEventWriter(
    () => nowMs,
    (batch) => batches.push(batch),
  );
  writer.nameStream(stream);
  const read = () => {
    const events: ViewerEvent[] = [];
    for (const batch of batches.splice(0)) {
      // As it crosses a thread.
      const sent = structuredClone(batch, { transfer: [batch.memory] });
      reader.read(sent, (event) => events.push({ ...event }));
      writer.giveBack(sent.memory);
    }
    return events;
  };
  const wait = (ms: number) => {
    nowMs += ms;
  };
  return { writer, batches, read, wait, nowMs: () => nowMs };
}

test('what is written is read, field for field', () => {
  const { writer, read, wait, nowMs } = pair();
  const viewer = viewerName('203.0.113.77', 'Player/1 (with spaces)');
  writer.add({ ...plain, bytes: 5e9, msn: 4_000_000_000, ageMs: 12.4 }, { viewer, connection: 9 }, 'sid%3D%22a%22');
  wait(250);
  const source = { viewer, connection: 10, isBehindProxy: true, token: 'link' };
  const part = { ...plain, kind: 'part', isDash: true, isAudio: true, isReload: true, status: 404, index: 7 } as const;
  writer.add({ ...part, rendition: '' }, source, 'sid="b"', true);
  writer.flush();
  const identity = { network: '203.0.113.0/24', userAgent: 'Player/1 (with spaces)', country: 'ZZ' };
  expect(read()).toEqual([
    {
      ...{ kind: 'segment', timeMs: nowMs() - 250, connection: 3 * 2 ** 32 + 9, viewer: { ...identity, token: '' } },
      ...{ stream, rendition: '720p', isAudio: false, isDash: false, isBehindProxy: false, isReload: false },
      ...{ status: 200, bytes: 0xffff_ffff, msn: 4_000_000_000, index: 0, ageMs: 12 },
      ...{ text: 'sid%3D%22a%22', isHeaderText: false },
    },
    {
      ...{ kind: 'part', timeMs: nowMs(), connection: 3 * 2 ** 32 + 10, viewer: { ...identity, token: 'link' } },
      ...{ stream, rendition: '', isAudio: true, isDash: true, isBehindProxy: true, isReload: true },
      ...{ status: 404, bytes: 1, msn: 1, index: 7, ageMs: undefined },
      ...{ text: 'sid="b"', isHeaderText: true },
    },
  ]);
});

test('names are told once and known in all batches that follow', () => {
  const { writer, batches, read } = pair();
  for (let round = 0; round < 3; round++) {
    for (const rendition of ['720p', '360p']) {
      writer.add({ ...plain, rendition }, { viewer: viewerName('2001:db8:7::1', 'VLC') }, undefined);
    }
    writer.flush();
    expect(batches.at(-1)).toMatchObject({ renditions: round === 0 ? ['720p', '360p'] : [] });
    expect(batches.at(-1)?.viewers).toHaveLength(round === 0 ? 1 : 0);
    expect(read().map(({ rendition, viewer }) => `${rendition} ${viewer?.network}`)).toEqual([
      '720p 2001:db8:7::/48',
      '360p 2001:db8:7::/48',
    ]);
  }
});

test('a whole address crosses only where countries are looked up, and is forgotten with that', () => {
  for (const tellsAddresses of [false, true]) {
    const batches: ViewerEventBatch[] = [];
    const writer = new ViewerEventWriter(Date.now, (batch) => batches.push(batch), tellsAddresses);
    writer.add(plain, { viewer: viewerName('203.0.113.77', 'VLC') }, undefined);
    writer.flush();
    expect(JSON.stringify(batches[0]!.viewers).includes('203.0.113.77')).toBe(tellsAddresses);
    const events: ViewerEvent[] = [];
    const reader = new ViewerEventReader(1, (address) => (address === '203.0.113.77' ? 'DE' : 'ZZ'));
    reader.read(batches[0]!, (event) => events.push({ ...event }));
    const country = tellsAddresses ? 'DE' : 'ZZ';
    expect(events[0]!.viewer).toEqual({ network: '203.0.113.0/24', userAgent: 'VLC', token: '', country });
  }
});

test('a batch that is full leaves at once, in records and in text', () => {
  const { writer, batches, read } = pair();
  for (let count = 0; count < maxEvents + 1; count++) writer.add({ ...plain, msn: count }, {}, undefined);
  expect(batches).toHaveLength(1);
  writer.flush();
  expect(read().map(({ msn }) => msn)).toEqual(Array.from({ length: maxEvents + 1 }, (_, count) => count));
  const body = Buffer.from('x'.repeat(64 * 1024));
  for (let count = 0; count < 20; count++) writer.add({ ...plain, kind: 'report' }, {}, body);
  writer.flush();
  expect(read().every(({ text }) => text.length === body.length)).toBe(true);
});

test('when nobody reads, events are dropped and counted, and nothing grows', () => {
  const { writer, batches, read } = pair();
  for (let count = 0; count < 20 * maxEvents; count++) writer.add(plain, {}, undefined);
  expect(batches).toHaveLength(8);
  expect(writer.dropped).toBe(12 * maxEvents);
  expect(read()).toHaveLength(8 * maxEvents);
  writer.add(plain, {}, undefined);
  writer.flush();
  expect(read()).toHaveLength(1);
});

test('the viewers that are longest known are forgotten for new ones, on both sides alike', () => {
  const { writer, read } = pair();
  const ask = (viewer: number) =>
    writer.add(
      plain,
      { viewer: viewerName(`10.${viewer >> 16}.${(viewer >> 8) & 255}.${viewer & 255}`, `p${viewer}`) },
      undefined,
    );
  for (let viewer = 0; viewer < 60_000; viewer++) {
    ask(viewer);
    if (viewer % 5000 !== 0) continue;
    writer.flush();
    read();
  }
  ask(0);
  ask(59_999);
  ask(30_000);
  writer.flush();
  expect(
    read()
      .slice(-3)
      .map(({ viewer }) => viewer?.userAgent),
  ).toEqual(['p0', 'p59999', 'p30000']);
});

test('CMCD that is longer than any player sends is left out, the request is not', () => {
  const { writer, read } = pair();
  writer.add(plain, {}, 'x'.repeat(3000));
  writer.flush();
  expect(read()).toMatchObject([{ text: '', msn: 1 }]);
});

const networks: readonly (readonly [address: string, network: string])[] = [
  ['203.0.113.77', '203.0.113.0/24'],
  ['::ffff:203.0.113.77', '203.0.113.0/24'],
  ['2001:db8:7:1234:5678:9abc:def0:1', '2001:db8:7::/48'],
  ['2001:db8::1', '2001:db8:0::/48'],
  ['::1', '0:0:0::/48'],
  ['fe80::1%eth0', 'fe80:0:0::/48'],
  ['', ''],
  ['unknown', ''],
];
for (const [address, network] of networks) {
  test(`of ${address || 'nothing'} only ${network || 'nothing'} is kept`, () =>
    expect(addressNetwork(address)).toBe(network));
}

test('who is forgotten for somebody who comes in the same batch is nobody, and not the one that came', () => {
  const { writer, read } = pair();
  const ask = (viewer: number) => writer.add(plain, { viewer: viewerName('10.0.0.1', `p${viewer}`) }, undefined);
  for (let viewer = 0; viewer < maxViewerNames; viewer++) {
    ask(viewer);
    if (viewer % 5000 !== 0) continue;
    writer.flush();
    read();
  }
  writer.flush();
  read();
  ask(0);
  ask(1);
  ask(maxViewerNames);
  writer.flush();
  expect(read().map(({ viewer }) => viewer?.userAgent)).toEqual([undefined, 'p1', `p${maxViewerNames}`]);
});
