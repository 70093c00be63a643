import type { Clock } from '../base/clock.ts';
import { isStreamctlError } from '../base/errors.ts';
import type { LadderConfig } from '../config/schema.ts';
import type { AccessUnit, SourceAudioConfig } from '../media/track.ts';
import type { Log } from '../observability/log.ts';
import type { MediaSink } from '../stream/media-sink.ts';
import { type Ffmpeg, findFfmpeg } from '../transcode/ffmpeg-lookup.ts';
import { SoundTranscoder } from '../transcode/sound-transcoder.ts';
import type { TranscodeNotice } from '../transcode/transcode-listener.ts';
import { BroadcastSound } from './broadcast-sound.ts';

export interface SoundTranscodingOptions {
  readonly ladder: Pick<LadderConfig, 'rungs' | 'ffmpegPath'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Of AAC where no rung says another. */
const defaultBitrateBps = 128_000;

/** Makes AAC of all sound of this node that is something else. ffmpeg is looked for when the first of it comes. */
export class SoundTranscoding {
  private readonly options: SoundTranscodingOptions;
  private readonly sounds = new Set<BroadcastSound>();
  private readonly stopping = new AbortController();
  private ffmpeg: Ffmpeg | 'none' | undefined;
  private isLooking = false;

  constructor(options: SoundTranscodingOptions) {
    this.options = options;
  }

  /** What a broadcast hands its media to. `warn` takes a sentence for the operator. */
  open(id: string, sink: MediaSink, warn: (sentence: string) => void): BroadcastSound {
    const sound = new BroadcastSound({
      sink,
      openTranscoder: (onFrame) => this.transcoder(id, onFrame),
      onUnusable: (config) => warn(unusableSentence(config)),
      onEnd: () => this.sounds.delete(sound),
    });
    this.sounds.add(sound);
    return sound;
  }

  /** Ends all that is being made. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all([...this.sounds].map((sound) => sound.stop()));
  }

  private transcoder(id: string, frame: (unit: AccessUnit) => void): SoundTranscoder | 'none' | undefined {
    const { ffmpeg } = this;
    if (ffmpeg === undefined) {
      if (!this.isLooking) void this.look();
      return undefined;
    }
    if (ffmpeg === 'none') return 'none';
    const { clock, ladder } = this.options;
    const bitrateBps = ladder.rungs[0]?.audioBitrateBps ?? defaultBitrateBps;
    const notice = (what: TranscodeNotice) => this.log(id, what);
    return new SoundTranscoder({ ffmpeg, bitrateBps, clock, listener: { frame, notice } });
  }

  private async look(): Promise<void> {
    this.isLooking = true;
    const { ladder, log } = this.options;
    const { signal } = this.stopping;
    try {
      const configuredPath = ladder.ffmpegPath;
      this.ffmpeg = await findFfmpeg({ configuredPath, searchPath: process.env.PATH ?? '', signal });
    } catch (error) {
      if (signal.aborted) return;
      const remedy = isStreamctlError(error) ? error.remedy : undefined;
      log.warn({ err: error, remedy }, 'no AAC can be made of other sound');
      this.ffmpeg = 'none';
    }
    for (const sound of this.sounds) sound.lookAgain();
  }

  private log(id: string, notice: TranscodeNotice): void {
    const { log } = this.options;
    const { type, ...facts } = notice;
    if (type === 'log') log.debug({ stream: id, ...facts }, 'ffmpeg says of the sound');
    else if (type === 'recovered') log.info({ stream: id, ...facts }, `sound: ${type}`);
    else log.warn({ stream: id, ...facts }, `sound: ${type}`);
  }
}

function unusableSentence({ codec, codecString }: SourceAudioConfig): string {
  const remedy = 'Set the encoder to AAC, or install ffmpeg and restart streamctl.';
  if (codec === 'opus')
    return `The sound is Opus, which Safari and MPEG-TS do not take, and there is no ffmpeg. ${remedy}`;
  return `The sound is ${codecString}, which players do not take, and there is no ffmpeg: the stream is silent. ${remedy}`;
}
