import type { Clock } from '../base/clock.ts';
import { StreamctlError } from '../base/errors.ts';
import type { SourceAudioConfig, VideoConfig } from '../media/track.ts';
import type { LiveStream } from '../stream/live-stream.ts';
import type { Publication, PublishPolicy } from '../stream/publication.ts';
import { BitrateLimit, breachSeconds } from './bitrate-limit.ts';
import { trackBreach } from './policy-breach.ts';

/** Holds what the newest publisher of a broadcast sends against what its key allows. */
export class PolicyGuard {
  private readonly stream: LiveStream;
  private readonly clock: Clock;
  private readonly bitrate = new BitrateLimit();
  private policy: PublishPolicy = {};
  private attended: Publication | undefined;

  constructor(stream: LiveStream, clock: Clock) {
    this.stream = stream;
    this.clock = clock;
  }

  /** A new connection publishes: tracks that it may not have are stopped here. */
  attend(publication: Publication, policy: PublishPolicy): Publication {
    this.policy = policy;
    this.attended = publication;
    this.bitrate.forget();
    const isAllowed = (config: VideoConfig | SourceAudioConfig): boolean => {
      const breach = this.attended === publication ? trackBreach(config, this.policy) : undefined;
      if (breach !== undefined) this.stream.breakPolicy(breach);
      return breach === undefined;
    };
    return {
      ...publication,
      videoConfig: (config) => {
        if (isAllowed(config)) publication.videoConfig(config);
      },
      audioConfig: (config) => {
        if (isAllowed(config)) publication.audioConfig(config);
      },
    };
  }

  /** The policy of the key was changed. */
  change(policy: PublishPolicy): void {
    this.policy = policy;
    const { video, audio } = this.stream.publisher ?? {};
    for (const config of [video, audio]) {
      const breach = config && trackBreach(config, policy);
      if (breach === undefined) continue;
      this.stream.breakPolicy(breach);
      return;
    }
  }

  /** This process stood still until now: what comes at once did not come too fast. */
  forgive(): void {
    this.bitrate.forget();
  }

  /** To be called about once a second. */
  look(): void {
    const { maxBitrateBps: allowedBps } = this.policy;
    const run = this.stream.publisher;
    if (run === undefined || allowedBps === undefined) {
      this.bitrate.forget();
      return;
    }
    const bitrateBps = this.bitrate.look(run.receivedBytes, this.clock.monotonicMs(), allowedBps);
    if (bitrateBps === undefined) return;
    this.stream.breakPolicy(
      new StreamctlError('ACCESS_POLICY_BITRATE', { bitrateBps, allowedBps, forSeconds: breachSeconds }),
    );
  }
}
