import { assertNever } from '../base/errors.ts';
import type { AccessUnit, AudioConfig, VideoConfig } from '../media/track.ts';
import type { PlannedRendition } from '../stream/feed.ts';
import type { MediaSink, MediaStart, RungSink } from '../stream/media-sink.ts';

type HeldCall =
  | { readonly type: 'begin'; readonly start: MediaStart }
  | { readonly type: 'configure'; readonly config: VideoConfig | AudioConfig }
  | { readonly type: 'unit'; readonly unit: AccessUnit }
  | { readonly type: 'discontinuity' }
  | RungCall;

type RungCall =
  | { readonly type: 'plan'; readonly planned: readonly PlannedRendition[] }
  | { readonly type: 'add' | 'remove'; readonly rung: string }
  | { readonly type: 'configureRung'; readonly rung: string; readonly config: VideoConfig }
  | { readonly type: 'rungUnit'; readonly rung: string; readonly unit: AccessUnit };

/** Keeps what a broadcast begins with, bytes and all, for somebody to get it later, in order. Whoever fills it sees to its end. */
export class HeldMedia
  implements RungSink, Pick<MediaSink, 'begin' | 'configure' | 'accessUnit' | 'markDiscontinuity'>
{
  private calls: HeldCall[] = [];
  private readonly rungs = new Set<string>();

  get rungNames(): readonly string[] {
    return [...this.rungs];
  }

  /** All frames of this kind, in order. */
  units(kind: AccessUnit['kind']): AccessUnit[] {
    return this.calls.flatMap((call) => (call.type === 'unit' && call.unit.kind === kind ? [call.unit] : []));
  }

  /** The encoding of the newest sound. */
  get audio(): AudioConfig | undefined {
    for (const call of this.calls.toReversed()) {
      if (call.type === 'begin') return call.start.audio;
      if (call.type === 'configure' && call.config.kind === 'audio') return call.config;
    }
    return undefined;
  }

  begin(start: MediaStart): void {
    this.calls.push({ type: 'begin', start });
  }

  configure(config: VideoConfig | AudioConfig): void {
    this.calls.push({ type: 'configure', config });
  }

  accessUnit(unit: AccessUnit): void {
    this.calls.push({ type: 'unit', unit: copyOf(unit) });
  }

  markDiscontinuity(): void {
    this.calls.push({ type: 'discontinuity' });
  }

  planRungs(planned: readonly PlannedRendition[]): void {
    this.calls.push({ type: 'plan', planned });
  }

  addRung(rung: string): void {
    this.rungs.add(rung);
    this.calls.push({ type: 'add', rung });
  }

  configureRung(rung: string, config: VideoConfig): void {
    this.calls.push({ type: 'configureRung', rung, config });
  }

  rungAccessUnit(rung: string, unit: AccessUnit): void {
    this.calls.push({ type: 'rungUnit', rung, unit: copyOf(unit) });
  }

  removeRung(rung: string): void {
    this.rungs.delete(rung);
    this.calls.push({ type: 'remove', rung });
  }

  /** What was said of rungs is void. */
  forgetRungs(): void {
    this.rungs.clear();
    this.calls = this.calls.filter(({ type }) => ['begin', 'configure', 'unit', 'discontinuity'].includes(type));
  }

  /** Hands everything on. */
  release(sink: MediaSink & RungSink): void {
    for (const call of this.calls.splice(0)) replay(call, sink);
  }
}

function replay(call: HeldCall, sink: MediaSink & RungSink): void {
  switch (call.type) {
    case 'begin':
      sink.begin(call.start);
      return;
    case 'configure':
      sink.configure(call.config);
      return;
    case 'unit':
      sink.accessUnit(call.unit);
      return;
    case 'discontinuity':
      sink.markDiscontinuity();
      return;
    case 'plan':
      sink.planRungs(call.planned);
      return;
    case 'add':
      sink.addRung(call.rung);
      return;
    case 'remove':
      sink.removeRung(call.rung);
      return;
    case 'configureRung':
      sink.configureRung(call.rung, call.config);
      return;
    case 'rungUnit':
      sink.rungAccessUnit(call.rung, call.unit);
      return;
    default:
      assertNever(call);
  }
}

/** Frames are only lent. */
export function copyOf(unit: AccessUnit): AccessUnit {
  return { ...unit, data: unit.data.slice() };
}
