import { parsePublishUrl } from '../../../src/publisher/publish-url.ts';
import { RtmpPublisher } from '../../../src/publisher/rtmp-publisher.ts';

/** Of x264: High, 1280x720. */
const avcRecord = Buffer.from(
  '01640032ffe1001a67640032ac7611014016ec0440000003004000000f03c60c611801000668e8438d2c8bfdf8f800',
  'hex',
);
const header = Buffer.concat([Buffer.from('1700000000', 'hex'), avcRecord]);
const keyframe = Buffer.concat([Buffer.from('170100000000000041', 'hex'), Buffer.alloc(65, 0x65)]);
const frame = Buffer.concat([Buffer.from('270100000000000021', 'hex'), Buffer.alloc(33, 0x41)]);
/** A NAL unit that is longer than its message. */
const damaged = Buffer.from('170100000000ffffff65', 'hex');

/** One RTMP connection that sends hardly anything: pictures of a few bytes that nobody will decode. */
export class LightPublisher {
  private readonly link: RtmpPublisher;
  private timeMs = 0;

  /** `rtmpUrl`: rtmp://HOST:PORT/live */
  constructor(rtmpUrl: string, streamName: string) {
    this.link = new RtmpPublisher({ url: parsePublishUrl(`${rtmpUrl}/${streamName}`), connectTimeoutMs: 30_000 });
  }

  /** How the server ended it. */
  get failure(): Error | undefined {
    return this.link.failure;
  }

  /** Throws PUBLISH_REFUSED with the server's words. */
  async connect(): Promise<void> {
    await this.link.connect(new AbortController().signal);
  }

  /** Two seconds of picture at once, with a keyframe each half second. */
  sendPicture(): void {
    this.link.sendTag('video', this.timeMs, header);
    for (let n = 0; n < 20; n++) {
      this.link.sendTag('video', this.timeMs, n % 5 === 0 ? keyframe : frame);
      this.timeMs += 100;
    }
  }

  /** More than the server bears. */
  sendGarbage(): void {
    for (let n = 0; n < 100; n++) this.link.sendTag('video', this.timeMs, damaged);
  }

  async goodbye(): Promise<void> {
    await this.link.goodbye();
  }

  /** As a cut cable. */
  lose(): void {
    this.link.destroy();
  }
}
