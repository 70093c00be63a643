import { Child } from '../child.ts';
import { defaultPicture, type Picture, type Publisher, publisherOf, type Target } from './publisher.ts';

/** GStreamer's own RTMP client (`rtmp2sink`), or librtmp through `rtmpsink`. */
export type GstreamerSink = 'rtmp2sink' | 'rtmpsink';

/** Publishes GStreamer's test picture and tone, live, for `seconds`. */
export function publishWithGstreamer(
  sink: GstreamerSink,
  { url, key }: Target,
  seconds: number,
  picture: Partial<Picture> = {},
): Publisher {
  const { width, height, fps, keyframeSeconds, videoKbps } = { ...defaultPicture, ...picture };
  const videoFrames = Math.round(seconds * fps);
  const audioBuffers = Math.round((seconds * 48_000) / 1024);
  const location = sink === 'rtmpsink' ? `${url}/${key} live=1` : `${url}/${key}`;
  const pipeline = [
    ...['videotestsrc', 'is-live=true', `num-buffers=${videoFrames}`, '!'],
    ...[`video/x-raw,format=I420,width=${width},height=${height},framerate=${fps}/1`, '!'],
    ...['x264enc', 'tune=zerolatency', 'speed-preset=ultrafast', `bitrate=${videoKbps}`],
    ...[`key-int-max=${fps * keyframeSeconds}`, '!', 'h264parse', '!', 'queue', '!', 'mux.'],
    ...['audiotestsrc', 'is-live=true', `num-buffers=${audioBuffers}`, 'samplesperbuffer=1024', '!'],
    ...[
      'audio/x-raw,rate=48000,channels=2',
      '!',
      'audioconvert',
      '!',
      'avenc_aac',
      '!',
      'aacparse',
      '!',
      'queue',
      '!',
      'mux.',
    ],
    ...['flvmux', 'name=mux', 'streamable=true', '!', sink, `location=${location}`],
  ];
  return publisherOf(new Child('gst-launch-1.0', ['-e', ...pipeline]));
}
