import type { AccessUnit, SourceAudioConfig, VideoConfig } from '../media/track.ts';
import type { PublisherConnection } from './publication.ts';
import type { Timeline } from './timeline.ts';

/** Audio kept while the first keyframe is awaited; the number bounds what a publisher of tiny frames can make us keep. */
const maxHeldAudioMs = 1500;
const maxHeldAudioFrames = 600;

/** What is known of one publisher's connection: its configurations, its clock once media has begun, its figures. */
export class PublisherRun {
  readonly connection: PublisherConnection;
  readonly connectedAtMs: number;
  video: VideoConfig | undefined;
  audio: SourceAudioConfig | undefined;
  /** Set with the first frame that could be placed. */
  timeline: Timeline | undefined;
  hasVideo = false;
  /** Stream time at which frames came again after a gap. */
  resumedAtMs: number | undefined;
  heldAudio: AccessUnit[] = [];
  droppedFrames = 0;
  videoFrames = 0;
  audioFrames = 0;
  receivedBytes = 0;

  constructor(connection: PublisherConnection, connectedAtMs: number) {
    this.connection = connection;
    this.connectedAtMs = connectedAtMs;
  }

  count(unit: AccessUnit): void {
    if (unit.kind === 'video') this.videoFrames++;
    else this.audioFrames++;
    this.receivedBytes += unit.data.length;
  }

  holdAudio(unit: AccessUnit): void {
    this.heldAudio.push({ ...unit, data: unit.data.slice() });
    if (this.heldAudioMs <= maxHeldAudioMs && this.heldAudio.length <= maxHeldAudioFrames) return;
    this.heldAudio.shift();
    this.droppedFrames++;
  }

  /** Publisher time that the held audio covers, ms. */
  get heldAudioMs(): number {
    const first = this.heldAudio[0];
    return first === undefined ? 0 : this.heldAudio.at(-1)!.dtsMs - first.dtsMs;
  }

  /** The held audio from `fromMs` of the publisher's clock on; older frames belong to nothing and are dropped. */
  takeHeldAudio(fromMs: number): readonly AccessUnit[] {
    const taken = this.heldAudio.filter((unit) => unit.dtsMs >= fromMs);
    this.droppedFrames += this.heldAudio.length - taken.length;
    this.heldAudio = [];
    return taken;
  }
}
