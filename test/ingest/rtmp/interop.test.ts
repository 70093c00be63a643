import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { defaultRtmpLimits } from '../../../src/ingest/rtmp/limits.ts';
import { RtmpServer } from '../../../src/ingest/rtmp/server.ts';
import { type ChildResult, run } from '../../support/child.ts';
import { until } from '../../support/until.ts';
import { RecordedPublications } from './recorded-publication.ts';
import { allowGoodKey, goodKey } from './session-rig.ts';

/** Real encoders, told to send 30 frames of 25 fps. */
const videoSource = 'videotestsrc num-buffers=30 ! video/x-raw,width=160,height=120,framerate=25/1';
const encoders: Record<string, (url: string) => Promise<ChildResult>> = {
  ffmpeg: (url) =>
    run('ffmpeg', [
      ...['-loglevel', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=160x120:r=25', '-frames:v', '30'],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-f', 'flv', url],
    ]),
  'GStreamer rtmp2sink': (url) => gstreamer(`rtmp2sink location=${url}`),
  'librtmp (GStreamer rtmpsink)': (url) => gstreamer(`rtmpsink location=${url}`),
};

function gstreamer(sink: string): Promise<ChildResult> {
  const pipeline = `${videoSource} ! x264enc tune=zerolatency ! flvmux streamable=true ! ${sink}`;
  return run('gst-launch-1.0', ['-q', ...pipeline.split(' ')]);
}

const publications = new RecordedPublications();
const server = new RtmpServer(
  { listen: { host: '127.0.0.1', port: 0 }, limits: defaultRtmpLimits },
  {
    clock: systemClock,
    log: pino({ level: 'silent' }),
    authorizePublish: allowGoodKey,
    openPublication: publications.open,
  },
);
beforeAll(() => server.start(new AbortController().signal));
afterAll(() => server.stop());

for (const [name, publish] of Object.entries(encoders)) {
  test(`${name} publishes every frame and says goodbye`, async () => {
    const before = publications.all.length;
    const { code } = await publish(`rtmp://127.0.0.1:${server.addresses[0]!.port}/live/${goodKey}`);
    expect(code).toBe(0);
    const publication = await until('it has come', () => publications.all[before]);
    await until('it has ended', () => publication.ended);
    expect(publication.ended).toBe('goodbye');
    expect(publication.units).toHaveLength(30);
  });

  test(`${name} with a wrong key is refused and exits`, async () => {
    const before = publications.all.length;
    const { code, stderr } = await publish(`rtmp://127.0.0.1:${server.addresses[0]!.port}/live/no-such-key`);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/stream key is not known|Could not connect to RTMP stream/);
    expect(publications.all).toHaveLength(before);
  });
}
