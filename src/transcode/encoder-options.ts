import { assertNever } from '../base/errors.ts';
import type { PlannedRung } from './ladder.ts';

/** The H.264 encoders we know how to drive. */
export type EncoderName = 'x264' | 'nvenc' | 'qsv' | 'vaapi' | 'v4l2m2m';

export type EncodedRung = Pick<
  PlannedRung,
  | 'widthPixels'
  | 'heightPixels'
  | 'fps'
  | 'bitrateBps'
  | 'maxrateBps'
  | 'bufsizeBits'
  | 'profile'
  | 'levelIdc'
  | 'encoderThreads'
>;

/** What ffmpeg calls the encoder. */
export const encoderCodecs: Record<EncoderName, string> = {
  x264: 'libx264',
  nvenc: 'h264_nvenc',
  qsv: 'h264_qsv',
  vaapi: 'h264_vaapi',
  v4l2m2m: 'h264_v4l2m2m',
};

interface Device {
  readonly open: readonly string[];
  readonly uploadFilters: readonly string[];
}

const devices: Partial<Record<EncoderName, Device>> = {
  vaapi: {
    open: ['-init_hw_device', 'vaapi=va:/dev/dri/renderD128', '-filter_hw_device', 'va'],
    uploadFilters: ['format=nv12', 'hwupload'],
  },
  qsv: {
    open: ['-init_hw_device', 'qsv=hw', '-filter_hw_device', 'hw'],
    uploadFilters: ['format=nv12', 'hwupload=extra_hw_frames=16'],
  },
};

/** Global options that open the encoder's device. */
export function deviceOptions(encoder: EncoderName): readonly string[] {
  return devices[encoder]?.open ?? [];
}

/** Filters behind the scaler that put a picture where the encoder can take it. */
export function uploadFilters(encoder: EncoderName): readonly string[] {
  return devices[encoder]?.uploadFilters ?? [];
}

/**
 * Output options of one rung behind `-c:v`. No frame is held back (no B-frames, no lookahead) and keyframes come only where they are
 * forced, as IDR pictures.
 */
export function encoderOptions(encoder: EncoderName, rung: EncodedRung): string[] {
  return [
    ...encoderOwnOptions(encoder, rung),
    ...rateOptions(rung),
    '-g',
    '9999',
    '-keyint_min',
    '1',
    '-sc_threshold',
    '0',
  ];
}

function encoderOwnOptions(encoder: EncoderName, rung: EncodedRung): string[] {
  const profile = ['-profile:v', rung.profile, '-level:v', String(rung.levelIdc)];
  switch (encoder) {
    case 'x264':
      return [
        ...['-preset', 'superfast', '-tune', 'zerolatency', '-threads', String(rung.encoderThreads)],
        ...['-profile:v', rung.profile, '-level:v', (rung.levelIdc / 10).toFixed(1), '-pix_fmt', 'yuv420p'],
        // Times are in milliseconds, which says nothing of the rate: without it the rate control reckons with 1000 frames a second.
        ...['-forced-idr', '1', '-x264-params', `fps=${Math.max(1, Math.round(rung.fps))}/1`],
      ];
    case 'nvenc':
      return [
        ...['-preset', 'p3', '-tune', 'ull', '-zerolatency', '1', '-delay', '0', '-rc', 'cbr', '-bf', '0'],
        ...['-forced-idr', '1', '-no-scenecut', '1', '-surfaces', '8', ...profile, '-pix_fmt', 'yuv420p'],
      ];
    case 'qsv':
      return [
        ...['-preset', 'veryfast', '-async_depth', '1', '-look_ahead', '0', '-bf', '0', '-forced_idr', '1', ...profile],
      ];
    case 'vaapi':
      return ['-rc_mode', 'CBR', '-bf', '0', '-async_depth', '1', '-idr_interval', '0', ...profile];
    case 'v4l2m2m':
      return ['-num_capture_buffers', '16', ...profile, '-pix_fmt', 'yuv420p'];
    default:
      assertNever(encoder);
  }
}

function rateOptions(rung: EncodedRung): string[] {
  const { bitrateBps, maxrateBps, bufsizeBits } = rung;
  return ['-b:v', String(bitrateBps), '-maxrate', String(maxrateBps), '-bufsize', String(bufsizeBits)];
}
