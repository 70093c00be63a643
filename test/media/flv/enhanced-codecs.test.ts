import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { parseAudioTagBody, parseVideoTagBody } from '../../../src/media/flv/tag.ts';
import { writeVideoConfigBody, writeVideoFrameBody } from '../../../src/media/flv/write-tag.ts';
import { type Fragment, readFragments } from '../../../src/media/mp4/fragment-reader.ts';
import { isTwentyMsPacket } from '../../../src/media/opus/config.ts';
import type { VideoConfig } from '../../../src/media/track.ts';
import { walkTs } from '../../support/ts-walker.ts';
import { withFile } from '../clips.ts';
import { decodedFrames, probePackets } from '../decoded.ts';
import type { ClipFrame } from '../flv-clip.ts';
import { packageTrack } from '../mp4/package-track.ts';
import { tsSegments } from '../mpegts/ts-segments.ts';

/** A fragmented MP4 of ffmpeg's with one frame a fragment, and the configuration box of it. */
function encode(source: string, codecArgs: string, boxType: string) {
  const args = `-v error -y -f lavfi -i ${source} ${codecArgs} -movflags +frag_every_frame+empty_moov+default_base_moof -f mp4`;
  const file = withFile(new Uint8Array(0), 'out.mp4', (path) => {
    execFileSync('ffmpeg', [...args.split(' '), path], { stdio: ['ignore', 'ignore', 'ignore'] });
    return execFileSync('cat', [path], { maxBuffer: 1 << 26 });
  });
  const at = file.indexOf(boxType);
  const record = Uint8Array.from(file.subarray(at + 4, at - 4 + file.readUInt32BE(at - 4)));
  return { file, record, fragments: readFragments(file) };
}

/** The frames as an Enhanced RTMP publisher sends them, read back. Ticks of ffmpeg's are a frame each at 30 fps. */
function throughFlv(
  codec: VideoConfig['codec'],
  record: Uint8Array,
  fragments: readonly Fragment[],
  msPerTick: number,
) {
  const sent = { kind: 'video', codec, codecString: '', record, widthPixels: 0, heightPixels: 0 } as const;
  const configTag = parseVideoTagBody(writeVideoConfigBody(sent));
  if (configTag.type !== 'config') throw new Error(`read as ${configTag.type}`);
  const frames = fragments.map((fragment): ClipFrame => {
    const [sample] = fragment.samples;
    const body = writeVideoFrameBody(codec, {
      isSync: false, // on purpose: the bitstream decides
      compositionOffsetMs: Math.round(sample!.compositionOffsetTicks * msPerTick),
      data: sample!.data,
    });
    const tag = parseVideoTagBody(body, configTag.nalLengthSizeBytes);
    if (tag.type !== 'frame') throw new Error(`read as ${tag.type}`);
    return { ...tag, dtsMs: Math.round(fragment.baseDecodeTimeTicks * msPerTick) };
  });
  return { config: configTag.config, frames };
}

const source = 'testsrc2=size=160x120:rate=30:duration=2';

describe('HEVC by Enhanced RTMP', () => {
  const x265 = 'log-level=none:keyint=30:min-keyint=30:open-gop=0:pools=1:frame-threads=1';
  const { file, record, fragments } = encode(
    source,
    `-pix_fmt yuv420p -c:v libx265 -preset fast -tag:v hvc1 -x265-params ${x265}`,
    'hvcC',
  );
  const video = throughFlv('hevc', record, fragments, 1000 / 15360);

  test('size, rate and codec string are read', () => {
    expect(video.config).toMatchObject({
      codec: 'hevc',
      codecString: 'hvc1.1.6.L60.90',
      widthPixels: 160,
      heightPixels: 120,
      nominalFps: 30,
    });
  });

  test('fMP4 and MPEG-TS decode to the frames encoded', () => {
    const expected = decodedFrames(file, 'source.mp4', 'video');
    expect(expected).toHaveLength(60);
    expect(video.frames.filter((frame) => frame.isSync)).toHaveLength(2);
    expect(decodedFrames(Buffer.concat(packageTrack(video.config, video.frames)), 'v.mp4', 'video')).toEqual(expected);
    const stream = Buffer.concat(tsSegments({ video }));
    expect(walkTs(stream).faults).toEqual([]);
    expect(walkTs(stream).streamTypes.get(0x100)).toBe(0x24);
    expect(decodedFrames(stream, 'v.ts', 'video')).toEqual(expected);
    expect(probePackets(stream, 'v.ts', 'video')[0]?.isKey).toBe(true);
  });
});

describe('AV1 by Enhanced RTMP', () => {
  const { file, record, fragments } = encode(
    source,
    '-pix_fmt yuv420p -c:v libaom-av1 -cpu-used 8 -usage realtime -g 30 -movflags +delay_moov',
    'av1C',
  );
  const video = throughFlv('av1', record, fragments, 1000 / 15360);

  test('size and codec string are read', () => {
    expect(video.config).toMatchObject({
      codec: 'av1',
      codecString: 'av01.0.00M.08',
      widthPixels: 160,
      heightPixels: 120,
    });
  });

  test('fMP4 decodes to the frames encoded', () => {
    const expected = decodedFrames(file, 'source.mp4', 'video');
    expect(expected).toHaveLength(60);
    expect(video.frames.filter((frame) => frame.isSync)).toHaveLength(2);
    expect(decodedFrames(Buffer.concat(packageTrack(video.config, video.frames)), 'v.mp4', 'video')).toEqual(expected);
  });

  test('temporal delimiters are taken out', () => {
    const frame = video.frames[0]!.data;
    const body = writeVideoFrameBody('av1', {
      isSync: true,
      compositionOffsetMs: 0,
      data: Uint8Array.of(0x12, 0, ...frame),
    });
    expect(parseVideoTagBody(body)).toMatchObject({ type: 'frame', isSync: true, data: frame });
  });
});

describe('Opus by Enhanced RTMP', () => {
  const { file, record, fragments } = encode(
    'sine=frequency=440:sample_rate=48000:duration=2',
    '-ac 2 -c:a libopus',
    'dOps',
  );
  const little = Uint8Array.of(
    1,
    record[1]!,
    record[3]!,
    record[2]!,
    record[7]!,
    record[6]!,
    record[5]!,
    record[4]!,
    0,
    0,
    0,
  );
  const opus = [...'Opus'].map((char) => char.charCodeAt(0));
  const head = [...'OpusHead'].map((char) => char.charCodeAt(0));

  test('fMP4 decodes to the frames encoded', () => {
    const tag = parseAudioTagBody(Uint8Array.of(0x90, ...opus, ...head, ...little));
    if (tag.type !== 'config') throw new Error(`read as ${tag.type}`);
    expect(tag.config).toMatchObject({
      codec: 'opus',
      sampleRateHz: 48000,
      channelCount: 2,
      samplesPerFrame: 960,
      record,
    });
    const frames = fragments.flatMap((fragment) =>
      fragment.samples.map((sample): ClipFrame => {
        const frame = parseAudioTagBody(Uint8Array.of(0x91, ...opus, ...sample.data));
        if (frame.type !== 'frame') throw new Error(`read as ${frame.type}`);
        return { dtsMs: 0, compositionOffsetMs: 0, isSync: true, data: frame.data };
      }),
    );
    const decoded = decodedFrames(Buffer.concat(packageTrack(tag.config, frames)), 'a.mp4', 'audio');
    const expected = decodedFrames(file, 'source.mp4', 'audio');
    expect(decoded.slice(1, 90)).toEqual(expected.slice(1, 90));
    expect(decoded).toHaveLength(frames.length);
  });

  test('packets of 20 ms are told from others', () => {
    expect(isTwentyMsPacket(Uint8Array.of(0xf8, 1, 2))).toBe(true);
    expect(isTwentyMsPacket(Uint8Array.of(0xe0, 1, 2))).toBe(false);
  });
});
