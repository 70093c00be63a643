import { isTwentyMsPacket } from '../media/opus/config.ts';
import type { AccessUnit, AudioConfig, SourceAudioConfig, VideoConfig } from '../media/track.ts';
import type { MediaSink, MediaStart } from '../stream/media-sink.ts';
import { madeSound } from '../transcode/sound-command.ts';
import type { SoundTranscoder } from '../transcode/sound-transcoder.ts';

/** Makes AAC of a broadcast's sound, as `onFrame` gets it; `none` where there is no ffmpeg; undefined while nobody knows. */
export type OpenSoundTranscoder = (onFrame: (unit: AccessUnit) => void) => SoundTranscoder | 'none' | undefined;

export interface BroadcastSoundOptions {
  /** Takes AAC, and Opus where nothing better can be made of it. */
  readonly sink: MediaSink;
  readonly openTranscoder: OpenSoundTranscoder;
  /** Sound that nothing can be made of. */
  readonly onUnusable: (config: SourceAudioConfig) => void;
  readonly onEnd: () => void;
}

/**
 * Stands before everything that takes the media of one broadcast: AAC and the picture go on untouched, any other sound goes on as
 * the AAC that is made of it.
 */
export class BroadcastSound implements MediaSink<SourceAudioConfig> {
  /** Frames that nothing could be made of. */
  droppedFrames = 0;
  private readonly options: BroadcastSoundOptions;
  private source: SourceAudioConfig | undefined;
  /** What the sink knows of the sound; undefined: nothing. */
  private offered: AudioConfig | undefined;
  private transcoder: SoundTranscoder | undefined;

  constructor(options: BroadcastSoundOptions) {
    this.options = options;
  }

  get isGapping(): boolean {
    return this.options.sink.isGapping;
  }

  get endMs(): number {
    return this.options.sink.endMs;
  }

  begin({ startMs, video, audio }: MediaStart<SourceAudioConfig>): void {
    this.transcoder?.interrupt();
    this.source = audio;
    const offered = this.decide();
    const sound = offered && { audio: offered, isAudioDue: offered === madeSound };
    this.options.sink.begin({ startMs, ...(video && { video }), ...sound });
  }

  configure(config: VideoConfig | SourceAudioConfig): void {
    if (config.kind === 'video') {
      this.options.sink.configure(config);
      return;
    }
    this.source = config;
    this.offer();
  }

  accessUnit(unit: AccessUnit): void {
    if (unit.kind === 'video') this.options.sink.accessUnit(unit);
    else if (this.offered === madeSound) this.transcoder!.accessUnit(unit);
    else if (this.offered !== undefined && isRegular(this.offered, unit)) this.options.sink.accessUnit(unit);
    else this.droppedFrames++;
  }

  /** It is known now whether there is an ffmpeg. */
  lookAgain(): void {
    if (this.source !== undefined && this.offered === undefined) this.offer();
  }

  markDiscontinuity(): void {
    this.options.sink.markDiscontinuity();
  }

  interrupt(): void {
    this.options.sink.interrupt();
    this.transcoder?.interrupt();
  }

  tick(nowMs: number): void {
    this.options.sink.tick(nowMs);
  }

  /** The last of the sound comes out first. */
  end(): void {
    const { sink, onEnd } = this.options;
    if (this.transcoder === undefined) {
      sink.end();
      onEnd();
      return;
    }
    void this.stop().finally(() => {
      sink.end();
      onEnd();
    });
  }

  /** Ends the transcoder alone, within a second: for a server that stops. */
  async stop(): Promise<void> {
    await this.transcoder?.stop();
  }

  private offer(): void {
    const offered = this.decide();
    if (offered !== undefined) this.options.sink.configure(offered);
  }

  private decide(): AudioConfig | undefined {
    this.offered = this.source === undefined ? undefined : this.route(this.source);
    if (this.offered === madeSound) this.transcoder!.configure(this.source!);
    else this.transcoder?.interrupt();
    return this.offered;
  }

  private route(source: SourceAudioConfig): AudioConfig | undefined {
    if (source.codec === 'aac') return source;
    if (this.transcoder !== undefined) return madeSound;
    const { openTranscoder, sink, onUnusable } = this.options;
    const opened = openTranscoder((unit) => sink.accessUnit(unit));
    if (opened === undefined) return undefined;
    if (opened !== 'none') {
      this.transcoder = opened;
      return madeSound;
    }
    onUnusable(source);
    return source.codec === 'opus' ? source : undefined;
  }
}

/** Opus as it is has frames of 20 ms only: the track has room for no others. */
function isRegular({ codec }: AudioConfig, { data }: AccessUnit): boolean {
  return codec === 'aac' || isTwentyMsPacket(data);
}
