import type { Clock } from '../base/clock.ts';
import { ReportCounter } from '../base/report-counter.ts';
import { type FfmpegLogLine, tellsOfDamagedInput } from './ffmpeg-log.ts';
import type { TranscodeListener } from './transcode-listener.ts';

/** What the ffmpegs of one broadcast say. */
export class SessionLog {
  damagedFrames = 0;
  /** The last error that the running one told of. */
  complaint: string | undefined;
  private readonly listener: Pick<TranscodeListener, 'notice'>;
  private readonly lines: ReportCounter;

  constructor(clock: Clock, listener: Pick<TranscodeListener, 'notice'>) {
    this.listener = listener;
    this.lines = new ReportCounter(clock);
  }

  /** Another one is started. */
  begin(): void {
    this.complaint = undefined;
  }

  take(line: FfmpegLogLine): void {
    if (tellsOfDamagedInput(line.text)) this.damagedFrames++;
    if (line.level !== 'warning') this.complaint = line.text;
    this.lines.count((count) => this.listener.notice({ type: 'log', line, count }));
  }
}
