import { execFileSync } from 'node:child_process';
import { type BroadcastExpectations, broadcastFindings } from '../../../src/doctor/broadcast/broadcast-findings.ts';
import { BroadcastObserver } from '../../../src/doctor/broadcast/broadcast-observer.ts';
import { observe } from '../../../src/doctor/broadcast/observation.ts';
import type { StreamFinding } from '../../../src/doctor/broadcast/stream-finding.ts';
import { MediaIntake } from '../../../src/ingest/rtmp/media-intake.ts';
import { FlvReader, type FlvTag } from '../../../src/media/flv/file.ts';

const seconds = 20;

export interface ClipSource {
  /** Filters behind a moving picture with noise. */
  readonly filter?: string;
  readonly video?: readonly string[];
  /** Input of sound; `none`: there is none. */
  readonly sound?: string;
  readonly audio?: readonly string[];
}

/** What OBS sends with a keyframe interval of 2 s: CBR with a buffer of a second, two B-frames, AAC stereo. */
const obsVideo = [
  '-preset',
  'veryfast',
  '-b:v',
  '800k',
  '-maxrate',
  '800k',
  '-bufsize',
  '800k',
  '-g',
  '60',
  '-bf',
  '2',
];

/** A broadcast of 20 s as ffmpeg encodes it. */
export function encodedClip({ filter = 'null', video = obsVideo, sound, audio = [] }: ClipSource = {}): FlvTag[] {
  const picture = `testsrc2=size=320x180:rate=30:duration=${seconds},noise=alls=12:allf=t,${filter}`;
  const input = sound ?? `sine=frequency=440:sample_rate=48000:duration=${seconds},aformat=channel_layouts=stereo`;
  const bytes = execFileSync(
    'ffmpeg',
    [
      ...['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', picture],
      ...(input === 'none' ? [] : ['-f', 'lavfi', '-i', input, '-c:a', 'aac', '-b:a', '128k', ...audio]),
      ...['-t', String(seconds), '-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-keyint_min', '1', '-sc_threshold', '0'],
      ...[...video, '-f', 'flv', 'pipe:1'],
    ],
    { maxBuffer: 1 << 28 },
  );
  const reader = new FlvReader();
  reader.push(bytes);
  const tags: FlvTag[] = [];
  for (let tag = reader.next(); tag !== undefined; tag = reader.next()) {
    if (tag.type !== 'script') tags.push({ ...tag, body: tag.body.slice() });
  }
  return tags;
}

export interface Delivery {
  /** When a tag arrives, ms; by default at its time. Never before the one that was sent before it. */
  readonly arrival?: (tag: FlvTag) => number;
  /** Called with the time of each arrival, before it. */
  readonly before?: (observer: BroadcastObserver, nowMs: number) => void;
  readonly expected?: Partial<BroadcastExpectations>;
}

/** What is found of a broadcast that ends up here, once a second as in a server; gives the last findings that are not ok. */
export function findingsOf(tags: readonly FlvTag[], { arrival, before, expected }: Delivery = {}): StreamFinding[] {
  const observer = new BroadcastObserver();
  let nowMs = 5000;
  const intake = new MediaIntake({
    videoConfig: (config) => observer.configure(config),
    audioConfig: (config) => observer.configure(config),
    accessUnit: (unit) => observer.accessUnit(unit, nowMs),
    end: () => {},
    fail: () => {},
  });
  const find = () => broadcastFindings(observe(observer, nowMs), { segmentMs: 2000, ...expected });
  let found = find();
  let lookAtMs = nowMs + 1000;
  for (const tag of tags) {
    const atMs = Math.max(nowMs, 5000 + (arrival?.(tag) ?? tag.timestampMs));
    for (; lookAtMs <= atMs; lookAtMs += 1000) {
      nowMs = lookAtMs;
      found = find();
    }
    nowMs = atMs;
    before?.(observer, nowMs);
    const message = { typeId: 0, streamId: 1, timestampMs: tag.timestampMs, payload: tag.body };
    if (tag.type === 'video') intake.video(message);
    else intake.audio(message);
  }
  return found.filter(({ severity }) => severity !== 'ok');
}
