import type { ClipOptions } from './clips.ts';

/** What every writer of ours is proved with: frame rates, B-frames, sample rates and channels as publishers send them. */
export const clipMatrix: { readonly name: string; readonly options: ClipOptions }[] = [
  { name: '30 fps without B-frames, 48 kHz stereo', options: {} },
  { name: '30 fps with B-frames', options: { bFrames: 3 } },
  { name: '24 fps', options: { fps: '24', gopFrames: 24 } },
  {
    name: '25 fps with B-frames, 44.1 kHz mono',
    options: { fps: '25', bFrames: 2, sampleRateHz: 44100, channelCount: 1 },
  },
  { name: '29.97 fps with B-frames', options: { fps: '30000/1001', bFrames: 2 } },
  { name: '50 fps, 44.1 kHz stereo', options: { fps: '50', gopFrames: 50, sampleRateHz: 44100 } },
  { name: '60 fps with B-frames, mono', options: { fps: '60', gopFrames: 60, bFrames: 2, channelCount: 1 } },
];
