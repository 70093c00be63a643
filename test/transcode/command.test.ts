import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildTranscodeArgs, type RungOutput, type TranscodeSpec } from '../../src/transcode/command.ts';
import { planLadder } from '../../src/transcode/ladder.ts';

function outputs(height: number, fps: number, firstPtsMs = 10_000): RungOutput[] {
  const source = { widthPixels: (height * 16) / 9, heightPixels: height, fps, bitrateBps: 8e6, codec: 'avc' as const };
  return planLadder({ source: { ...source, isPassthrough: true } }).rungs.map((rung) => ({ ...rung, firstPtsMs }));
}

const [rung480, rung360] = outputs(720, 30) as [RungOutput, RungOutput];

/** Arguments as one types them; none has a space in it. */
function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

const prefix = '-hide_banner -nostdin -loglevel level+warning -nostats -progress pipe:1 -stats_period 1';
const probing =
  '-copyts -flags low_delay -probesize 32k -fpsprobesize 0 -analyzeduration 0 -threads 1 -protocol_whitelist pipe';
const x264 = '-an -vcodec libx264 -map';
const zeroLatency = '-preset superfast -tune zerolatency -threads 1';
const gop = '-g 9999 -keyint_min 1 -sc_threshold 0';
const timing = '-fps_mode passthrough -enc_time_base 1/1000';
const flv = '-f flv -flvflags no_duration_filesize';

const golden: { name: string; spec: TranscodeSpec; args: string }[] = [
  {
    name: 'one rung',
    spec: { feedFormat: 'flv', encoder: 'x264', rungs: [rung360] },
    args: `${prefix} -f flv ${probing} -i pipe:0
      -filter_complex [0:v]split=1[i0];[i0]trim=start_pts=10000,scale=640:360:flags=fast_bilinear,setsar=1[o0]
      ${x264} [o0] ${zeroLatency} -profile:v main -level:v 3.0 -pix_fmt yuv420p -forced-idr 1 -x264-params fps=30/1
        -b:v 800000 -maxrate 800000 -bufsize 800000 ${gop} -force_key_frames source ${timing} ${flv} pipe:3`,
  },
  {
    name: 'two rungs, each resumed where it ended, and thumbnails',
    spec: {
      feedFormat: 'flv',
      encoder: 'x264',
      rungs: [
        { ...rung480, firstPtsMs: 30_534 },
        { ...rung360, firstPtsMs: 30_501 },
      ],
      thumbnail: { widthPixels: 320, heightPixels: 180 },
    },
    args: `${prefix} -f flv ${probing} -i pipe:0
      -filter_complex [0:v]split=3[i0][i1][i2];[i0]trim=start_pts=30534,scale=854:480:flags=fast_bilinear,setsar=1[o0];[i1]trim=start_pts=30501,scale=640:360:flags=fast_bilinear,setsar=1[o1];[i2]select=key,scale=320:180,setsar=1[thumbnail]
      ${x264} [o0] ${zeroLatency} -profile:v main -level:v 3.1 -pix_fmt yuv420p -forced-idr 1 -x264-params fps=30/1
        -b:v 1400000 -maxrate 1400000 -bufsize 1400000 ${gop} -force_key_frames source ${timing} ${flv} pipe:3
      ${x264} [o1] ${zeroLatency} -profile:v main -level:v 3.0 -pix_fmt yuv420p -forced-idr 1 -x264-params fps=30/1
        -b:v 800000 -maxrate 800000 -bufsize 800000 ${gop} -force_key_frames source ${timing} ${flv} pipe:4
      -an -vcodec mjpeg -map [thumbnail] -q:v 5 -pix_fmt yuvj420p ${timing} -f image2pipe pipe:5`,
  },
  {
    name: 'a rung of 30 frames from a source of 60, with slices for the larger one',
    spec: { feedFormat: 'flv', encoder: 'x264', rungs: outputs(1080, 60).slice(0, 2) },
    args: `${prefix} -f flv ${probing} -i pipe:0
      -filter_complex [0:v]split=2[i0][i1];[i0]trim=start_pts=10000,scale=1280:720:flags=fast_bilinear,setsar=1[o0];[i1]trim=start_pts=10000,select='isnan(prev_selected_t)+key+gte(t-prev_selected_t,0.0300)',scale=854:480:flags=fast_bilinear,setsar=1[o1]
      ${x264} [o0] -preset superfast -tune zerolatency -threads 4 -profile:v high -level:v 3.2 -pix_fmt yuv420p -forced-idr 1 -x264-params fps=60/1
        -b:v 4000000 -maxrate 4000000 -bufsize 4000000 ${gop} -force_key_frames source ${timing} ${flv} pipe:3
      ${x264} [o1] ${zeroLatency} -profile:v main -level:v 3.1 -pix_fmt yuv420p -forced-idr 1 -x264-params fps=30/1
        -b:v 1400000 -maxrate 1400000 -bufsize 1400000 ${gop} -force_key_frames source ${timing} ${flv} pipe:4`,
  },
  {
    name: 'an HEVC source, which comes as fMP4, with keyframes on a grid that began before the session',
    spec: {
      feedFormat: 'mp4',
      encoder: 'x264',
      rungs: [{ ...rung480, fpsCap: 30 }],
      keyframeGrid: { originMs: -2000, intervalMs: 2000 },
    },
    args: `${prefix} -f mp4 ${probing} -i pipe:0
      -filter_complex [0:v]split=1[i0];[i0]trim=start_pts=10000,select='isnan(prev_selected_t)+gt(floor((t+2.0020)/2.0000),floor((prev_selected_t+2.0020)/2.0000))+gte(t-prev_selected_t,0.0300)',scale=854:480:flags=fast_bilinear,setsar=1[o0]
      ${x264} [o0] ${zeroLatency} -profile:v main -level:v 3.1 -pix_fmt yuv420p -forced-idr 1 -x264-params fps=30/1
        -b:v 1400000 -maxrate 1400000 -bufsize 1400000 ${gop}
        -force_key_frames expr:if(isnan(prev_forced_t),1,gt(floor((t+12.0020)/2.0000),floor((prev_forced_t+12.0020)/2.0000)))
        ${timing} ${flv} pipe:3`,
  },
  {
    name: 'an interlaced source',
    spec: { feedFormat: 'flv', isInterlaced: true, encoder: 'x264', rungs: [rung360] },
    args: `${prefix} -f flv ${probing} -i pipe:0
      -filter_complex [0:v]yadif=mode=send_frame:deint=interlaced,settb=1/1000,split=1[i0];[i0]trim=start_pts=10000,scale=640:360:flags=fast_bilinear,setsar=1[o0]
      ${x264} [o0] ${zeroLatency} -profile:v main -level:v 3.0 -pix_fmt yuv420p -forced-idr 1 -x264-params fps=30/1
        -b:v 800000 -maxrate 800000 -bufsize 800000 ${gop} -force_key_frames source ${timing} ${flv} pipe:3`,
  },
  {
    name: 'nvenc',
    spec: { feedFormat: 'flv', encoder: 'nvenc', rungs: [rung360] },
    args: `${prefix} -f flv ${probing} -i pipe:0
      -filter_complex [0:v]split=1[i0];[i0]trim=start_pts=10000,scale=640:360:flags=fast_bilinear,setsar=1[o0]
      -an -vcodec h264_nvenc -map [o0] -preset p3 -tune ull -zerolatency 1 -delay 0 -rc cbr -bf 0 -forced-idr 1 -no-scenecut 1 -surfaces 8
        -profile:v main -level:v 30 -pix_fmt yuv420p
        -b:v 800000 -maxrate 800000 -bufsize 800000 ${gop} -force_key_frames source ${timing} ${flv} pipe:3`,
  },
  {
    name: 'qsv',
    spec: { feedFormat: 'flv', encoder: 'qsv', rungs: [rung360] },
    args: `${prefix} -init_hw_device qsv=hw -filter_hw_device hw -f flv ${probing} -i pipe:0
      -filter_complex [0:v]split=1[i0];[i0]trim=start_pts=10000,scale=640:360:flags=fast_bilinear,setsar=1,format=nv12,hwupload=extra_hw_frames=16[o0]
      -an -vcodec h264_qsv -map [o0] -preset veryfast -async_depth 1 -look_ahead 0 -bf 0 -forced_idr 1 -profile:v main -level:v 30
        -b:v 800000 -maxrate 800000 -bufsize 800000 ${gop} -force_key_frames source ${timing} ${flv} pipe:3`,
  },
  {
    name: 'vaapi',
    spec: { feedFormat: 'flv', encoder: 'vaapi', rungs: [rung360] },
    args: `${prefix} -init_hw_device vaapi=va:/dev/dri/renderD128 -filter_hw_device va -f flv ${probing} -i pipe:0
      -filter_complex [0:v]split=1[i0];[i0]trim=start_pts=10000,scale=640:360:flags=fast_bilinear,setsar=1,format=nv12,hwupload[o0]
      -an -vcodec h264_vaapi -map [o0] -rc_mode CBR -bf 0 -async_depth 1 -idr_interval 0 -profile:v main -level:v 30
        -b:v 800000 -maxrate 800000 -bufsize 800000 ${gop} -force_key_frames source ${timing} ${flv} pipe:3`,
  },
  {
    name: 'v4l2m2m, with the option’s name of ffmpeg 4.4',
    spec: { feedFormat: 'flv', encoder: 'v4l2m2m', rungs: [rung360], isBefore51: true },
    args: `${prefix} -f flv ${probing} -i pipe:0
      -filter_complex [0:v]split=1[i0];[i0]trim=start_pts=10000,scale=640:360:flags=fast_bilinear,setsar=1[o0]
      -an -vcodec h264_v4l2m2m -map [o0] -num_capture_buffers 16 -profile:v main -level:v 30 -pix_fmt yuv420p
        -b:v 800000 -maxrate 800000 -bufsize 800000 ${gop} -force_key_frames source -vsync passthrough -enc_time_base 1/1000 ${flv} pipe:3`,
  },
];

for (const { name, spec, args } of golden) {
  test(`the command line of ${name}`, () => expect(buildTranscodeArgs(spec)).toEqual(words(args)));
}

test('a rung’s name, which the operator chooses, never gets into the command line', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (name) => {
      const spec: TranscodeSpec = { feedFormat: 'flv', encoder: 'x264', rungs: [{ ...rung360, name }] };
      expect(buildTranscodeArgs(spec)).toEqual(words(golden[0]!.args));
    }),
  );
});

test('building the command line twice gives the same: nothing is kept between', () => {
  const { spec } = golden[1]!;
  expect(buildTranscodeArgs(spec)).toEqual(buildTranscodeArgs(spec));
});
