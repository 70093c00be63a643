import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sessionStats } from '../../../src/ingest/rtmp/session-stats.ts';
import type { AccessUnit } from '../../../src/media/track.ts';
import { messageType } from '../../../src/rtmp/message.ts';
import { commandMessage, goodKey, replay, SessionRig, settled } from './session-rig.ts';

const folder = join(import.meta.dirname, '../../vectors/rtmp');

/** Recordings of real encoders, and what they were told to send. */
const recordings = [
  { name: 'ffmpeg-5.1', video: 30, audio: 53, encoder: 'Lavf59.27.100' },
  { name: 'gstreamer-1.22-rtmp2sink', video: 20, audio: 0, encoder: 'GStreamer 1.22.0 FLV muxer' },
  { name: 'gstreamer-1.22-librtmp', video: 20, audio: 30, encoder: 'GStreamer 1.22.0 FLV muxer' },
  { name: 'obs-29.0.2', video: 48, audio: 75, encoder: 'obs-output module (libobs version 29.0.2.1-1+b1)' },
];

async function play(name: string, pieceBytes: number): Promise<SessionRig> {
  const rig = new SessionRig({ authorizePublish: async () => ({ allowed: true, grant: { channel: 'c' } }) });
  rig.send = () => {}; // the recorded publisher has its answers already
  await replay(rig.session, rig, readFileSync(join(folder, `${name}.bin`)), pieceBytes);
  return rig;
}

function ofKind(units: readonly AccessUnit[], kind: AccessUnit['kind']): AccessUnit[] {
  return units.filter((unit) => unit.kind === kind);
}

test('there is a test for every recording', () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.bin'));
  expect(files.sort()).toEqual(recordings.map(({ name }) => `${name}.bin`).sort());
});

for (const { name, video, audio, encoder } of recordings) {
  test(`${name}: every frame comes out, in order, and the goodbye is understood`, async () => {
    const { publications, session } = await play(name, 65_536);
    const { units, videoConfigs, audioConfigs, ended } = publications.last;
    expect(ofKind(units, 'video')).toHaveLength(video);
    expect(ofKind(units, 'audio')).toHaveLength(audio);
    expect(videoConfigs).toHaveLength(1);
    expect(audioConfigs).toHaveLength(audio > 0 ? 1 : 0);
    expect(ofKind(units, 'video')[0]?.isSync).toBe(true);
    for (const kind of ['video', 'audio'] as const) {
      const times = ofKind(units, kind).map(({ dtsMs }) => dtsMs);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }
    expect(ended).toBe('goodbye');
    expect(session.encoder).toBe(encoder);
    expect(sessionStats(session)).toMatchObject({ dropped: 0, media: { beforeConfig: 0, malformed: 0 } });
  });

  for (const pieceBytes of [1, 13, 1460]) {
    test(`${name}: reads of ${pieceBytes} bytes give the same frames`, async () => {
      const whole = await play(name, 65_536);
      const pieces = await play(name, pieceBytes);
      expect(pieces.publications.last.units).toEqual(whole.publications.last.units);
      expect(pieces.buffers.lentBytes).toBe(0);
    });
  }
}

// Messages made by hand, with the configurations of the ffmpeg recording.

const { videoConfigs, audioConfigs } = (await play('ffmpeg-5.1', 65_536)).publications.last;
const avcHeader = Buffer.concat([Buffer.from('1700000000', 'hex'), videoConfigs[0]!.record]);
const aacHeader = Buffer.concat([Buffer.from('af00', 'hex'), audioConfigs[0]!.record]);
const keyFrame = Buffer.from('1701000000 00000005 65 88840000'.replaceAll(' ', ''), 'hex');
const interFrame = Buffer.from('2701ffffd8 00000005 41 9a0000ff'.replaceAll(' ', ''), 'hex');
const aacFrame = Buffer.from('af01 2110'.replaceAll(' ', ''), 'hex');

function sayVideo(rig: SessionRig, timestampMs: number, payload: Uint8Array): void {
  rig.say({ chunkStreamId: 6, typeId: messageType.video, streamId: 1, timestampMs, payload });
}

function sayAudio(rig: SessionRig, timestampMs: number, payload: Uint8Array): void {
  rig.say({ chunkStreamId: 4, typeId: messageType.audio, streamId: 1, timestampMs, payload });
}

test('a negative composition time stays negative', async () => {
  const rig = new SessionRig();
  await rig.publish();
  sayVideo(rig, 0, avcHeader);
  sayVideo(rig, 40, interFrame);
  expect(rig.publications.last.units[0]).toMatchObject({ dtsMs: 40, compositionOffsetMs: -40, isSync: false });
});

test('media before its configuration is dropped and counted, then goes on', async () => {
  const rig = new SessionRig();
  await rig.publish();
  sayVideo(rig, 0, keyFrame);
  sayAudio(rig, 0, aacFrame);
  sayVideo(rig, 40, avcHeader);
  sayAudio(rig, 40, aacHeader);
  sayVideo(rig, 40, keyFrame);
  sayAudio(rig, 40, aacFrame);
  expect(rig.publications.last.units.map(({ kind }) => kind)).toEqual(['video', 'audio']);
  expect(sessionStats(rig.session).media).toMatchObject({ beforeConfig: 2, videoFrames: 1, audioFrames: 1 });
});

test('configurations may repeat and be empty', async () => {
  const rig = new SessionRig();
  await rig.publish();
  sayVideo(rig, 0, Buffer.from('1700000000', 'hex'));
  sayVideo(rig, 0, avcHeader);
  sayVideo(rig, 0, keyFrame);
  sayVideo(rig, 40, avcHeader);
  sayVideo(rig, 40, interFrame);
  expect(rig.publications.last.videoConfigs).toHaveLength(2);
  expect(rig.publications.last.units).toHaveLength(2);
});

test('media that came with the publish command, in one read, waits for the decision and is not lost', async () => {
  const rig = new SessionRig();
  await rig.connect();
  const read = Buffer.concat([
    rig.bytesOf(commandMessage('publish', 0, [null, goodKey, 'live'], 1)),
    rig.bytesOf({ chunkStreamId: 6, typeId: messageType.video, streamId: 1, payload: avcHeader }),
    rig.bytesOf({ chunkStreamId: 6, typeId: messageType.video, streamId: 1, payload: keyFrame }),
  ]);
  rig.session.receive(read);
  read.fill(0); // the socket's buffer is used again
  await settled();
  expect(rig.publications.last.units).toHaveLength(1);
});

test('media before publishing is dropped', async () => {
  const rig = new SessionRig();
  await rig.connect();
  sayVideo(rig, 0, avcHeader);
  expect(sessionStats(rig.session).dropped).toBe(1);
  expect(rig.isClosed).toBe(false);
});

test('a damaged message costs itself', async () => {
  const rig = new SessionRig();
  await rig.publish();
  sayVideo(rig, 0, avcHeader);
  for (let i = 0; i < 500; i++) {
    sayVideo(rig, i, Buffer.from('170100000000ffffff65', 'hex')); // a NAL unit longer than the message
    if (i % 50 === 0) sayVideo(rig, i, keyFrame);
  }
  expect(sessionStats(rig.session).media).toMatchObject({ malformed: 500, videoFrames: 10 });
  expect(rig.isClosed).toBe(false);
});

test('a hundred damaged messages in a row end the session with a reason', async () => {
  const rig = new SessionRig();
  await rig.publish();
  sayVideo(rig, 0, avcHeader);
  for (let i = 0; i < 100; i++) sayVideo(rig, i, Buffer.from('170100000000ffffff65', 'hex'));
  expect(rig.events.slice(-2)).toEqual(['unpublished: unusable', 'refused: RTMP_INPUT_UNUSABLE']);
  expect(rig.publications.last.failure?.code).toBe('RTMP_INPUT_UNUSABLE');
  expect(rig.publications.last.ended).toBeUndefined();
  expect(rig.isClosed).toBe(true);
});

test('a publisher of codecs that are not carried is told which to use', async () => {
  const rig = new SessionRig();
  await rig.publish();
  for (let i = 0; i < 100; i++) sayVideo(rig, i * 40, Buffer.from('12000000', 'hex')); // Sorenson H.263
  expect(JSON.stringify(rig.lastCommand.values)).toMatch(/Sorenson H\.263 is not carried.*H\.264 video and AAC audio/);
  expect(rig.isClosed).toBe(true);
});

test('a codec that is not carried beside one that is does no harm', async () => {
  const rig = new SessionRig();
  await rig.publish();
  sayAudio(rig, 0, aacHeader);
  for (let i = 0; i < 300; i++) sayVideo(rig, i * 40, Buffer.from('12000000', 'hex'));
  sayAudio(rig, 0, aacFrame);
  expect(rig.publications.last.units).toHaveLength(1);
});

test('sound that says with each frame what it is is configured once, and again when it changes', async () => {
  const rig = new SessionRig();
  await rig.publish();
  const frame = (header: string) => Buffer.from(`${header}fffb90`, 'hex');
  for (const [index, header] of ['2f', '2f', '2f', '2e', '2e'].entries()) sayAudio(rig, index * 26, frame(header));
  const { units, audioConfigs: configs } = rig.publications.last;
  expect(configs).toMatchObject([
    { codec: 'foreign', codecString: 'MP3', channelCount: 2 },
    { codec: 'foreign', codecString: 'MP3', channelCount: 1 },
  ]);
  expect(units.map(({ dtsMs }) => dtsMs)).toEqual([0, 26, 52, 78, 104]);
  expect(sessionStats(rig.session).media).toMatchObject({ audioFrames: 5, beforeConfig: 0 });
});

for (const [what, edge] of [
  ['24.9 days, where ffmpeg wraps', 2 ** 31],
  ['49.7 days, where RTMP wraps', 2 ** 32],
] as const) {
  test(`time goes on over ${what}`, async () => {
    const rig = new SessionRig();
    await rig.publish();
    sayVideo(rig, 0, avcHeader); // ffmpeg sends headers at 0, whatever the time of the media
    sayAudio(rig, 0, aacHeader);
    sayVideo(rig, edge - 40, keyFrame);
    sayAudio(rig, edge - 20, aacFrame);
    sayVideo(rig, 0, interFrame);
    sayAudio(rig, 3, aacFrame);
    sayAudio(rig, edge - 1, aacFrame);
    sayVideo(rig, 40, interFrame);
    const times = rig.publications.last.units.map(({ dtsMs }) => dtsMs - edge);
    expect(times).toEqual([-40, -20, 0, 3, -1, 40]);
  });
}

test('the messages of an aggregate have their times relative to the first', async () => {
  const rig = new SessionRig();
  await rig.publish();
  sayVideo(rig, 0, avcHeader);
  const tag = (timestampMs: number, body: Buffer): Buffer => {
    const head = Buffer.alloc(11);
    head.writeUInt8(messageType.video, 0);
    head.writeUIntBE(body.length, 1, 3);
    head.writeUIntBE(timestampMs & 0xffffff, 4, 3);
    head.writeUInt8(timestampMs >>> 24, 7);
    const tail = Buffer.alloc(4);
    tail.writeUInt32BE(11 + body.length);
    return Buffer.concat([head, body, tail]);
  };
  const payload = Buffer.concat([tag(5000, keyFrame), tag(5040, interFrame)]);
  rig.say({ chunkStreamId: 6, typeId: messageType.aggregate, streamId: 1, timestampMs: 1000, payload });
  rig.say({
    chunkStreamId: 6,
    typeId: messageType.aggregate,
    streamId: 1,
    timestampMs: 1080,
    payload: payload.subarray(0, -4),
  });
  expect(rig.publications.last.units.map(({ dtsMs }) => dtsMs)).toEqual([1000, 1040, 1080, 1120]);
});

test('an aggregate that is cut off gives what is whole, and costs itself', async () => {
  const rig = new SessionRig();
  await rig.publish();
  sayVideo(rig, 0, avcHeader);
  const whole = Buffer.concat([
    Buffer.from('09 00000e 000000 00 000000'.replaceAll(' ', ''), 'hex'),
    keyFrame,
    Buffer.alloc(4),
  ]);
  const payload = Buffer.concat([whole, whole.subarray(0, 15)]);
  rig.say({ chunkStreamId: 6, typeId: messageType.aggregate, streamId: 1, timestampMs: 1000, payload });
  expect(rig.publications.last.units).toHaveLength(1);
  expect(sessionStats(rig.session).media).toMatchObject({ malformed: 1 });
  expect(rig.isClosed).toBe(false);
});
