import type { FindingView } from '../../contract/finding.ts';
import type { StreamFinding } from './stream-finding.ts';

type Figures = StreamFinding['figures'];

interface Texts {
  readonly found: (figures: Figures) => string;
  /** For viewers. */
  readonly means: string;
  readonly remedy: string | ((figures: Figures) => string);
}

function wellWith(found: Texts['found']): Texts {
  return { found, means: '', remedy: '' };
}

const output = 'In OBS: Settings, Output (Output Mode: Advanced), Streaming';
const audioSettings = 'In OBS: Settings, Audio';

/** What is said of a broadcast, by code. Remedies name OBS' menus, because most broadcast with it. */
const findingTexts = {
  'picture-format': wellWith((f) => `The picture is ${f.size}, ${f.codec}.`),
  'picture-format-rare': {
    found: (f) => `The picture (${f.size}, ${f.codec}) is not for everybody: ${f.why}.`,
    means: 'Where the ladder is, viewers get a transcoded quality in its place; where it is not, many see nothing.',
    remedy: `${output}, Video Encoder: H.264, Profile high; Settings, Advanced, Color Format: NV12.`,
  },
  'picture-size-odd': {
    found: (f) => `The picture is ${f.size}: a side of odd length.`,
    means: 'Smaller qualities lose a line of it, and some players show a coloured edge.',
    remedy: 'In OBS: Settings, Video, Output (Scaled) Resolution: 1920x1080 or 1280x720.',
  },
  'pixels-not-square': {
    found: (f) => `Pixels are not square (${f.shape}) in a picture of ${f.size}.`,
    means: 'Some players show people too thin or too wide.',
    remedy:
      'In OBS: Settings, Video, Output (Scaled) Resolution: 1920x1080 or 1280x720; in cameras: 16:9 without anamorphic.',
  },
  'colour-range-full': {
    found: () => 'Colours use the full range.',
    means: 'Some players and televisions show them too dark or washed out.',
    remedy: 'In OBS: Settings, Advanced, Color Range: Limited.',
  },
  'picture-none': {
    found: () => 'No picture comes, only sound.',
    means: 'Viewers hear a broadcast without a picture.',
    remedy: 'Nothing, where that is meant to be.',
  },
  'picture-stopped': {
    found: (f) => `The picture has stopped ${seconds(f.since_ms)} ago, the sound goes on.`,
    means: 'Viewers see the last picture, or none.',
    remedy:
      'Look at the encoder: overloaded, or its camera is gone. In OBS: View, Stats, Skipped frames due to encoding lag.',
  },
  keyframes: wellWith((f) => `A keyframe comes every ${seconds(f.interval_ms)}.`),
  'keyframes-far-apart': {
    found: (f) => `Keyframes come only every ${seconds(f.interval_ms)}.`,
    means: 'Segments are that long: viewers are far behind, start late and change quality slowly.',
    remedy: (f) => `${output}, Keyframe Interval: ${Math.max(1, Math.round(Number(f.wanted_ms) / 1000))} s.`,
  },
  'frame-rate': wellWith((f) => `${f.fps} frames a second, none missing.`),
  'frame-rate-low': {
    found: (f) => `${f.fps} frames a second come, ${f.announced_fps} are announced.`,
    means: 'Movement is less smooth than it was meant to be.',
    remedy: 'The encoder does not keep up: a faster preset, a smaller picture, or fewer frames. In OBS: View, Stats.',
  },
  'frames-missing': {
    found: (f) => `${f.missing_percent} % of the frames are missing; ${f.fps} a second come.`,
    means: 'The picture jerks.',
    remedy:
      'In OBS: View, Stats. "Skipped frames due to encoding lag": a faster preset or smaller picture; "Dropped frames (Network)": a lower bitrate, or a cable instead of Wi-Fi.',
  },
  'b-frames': {
    found: (f) => `${f.percent} % of the frames are B-frames.`,
    means: 'Fine for HLS and DASH; they delay everything by two or three frames.',
    remedy: `For the least delay: ${output}, Tune zerolatency, or Max B-frames 0.`,
  },
  bitrate: wellWith((f) => `${megabits(f.average_bps)} arrive.`),
  'bitrate-high': {
    found: (f) => `${megabits(f.average_bps)} arrive, more than most viewers' lines carry.`,
    means: 'Who is not offered a smaller quality stalls.',
    remedy: `${output}, Bitrate: 6000 Kbps for 1080p, 3000 for 720p.`,
  },
  'bitrate-over-policy': {
    found: (f) => `${megabits(f.average_bps)} arrive; the key allows ${megabits(f.allowed_bps)}.`,
    means: 'Viewers, and the line of this server, get more than was planned for.',
    remedy: `${output}, Bitrate, or change the policy of the key.`,
  },
  steady: wellWith((f) => `The bit rate is steady: at most ${megabits(f.peak_bps)} in any second.`),
  bursts: {
    found: (f) =>
      `The bit rate comes in bursts: ${megabits(f.peak_bps)} in a second where the average is ${megabits(f.average_bps)}; ` +
      `the largest frame is ${Math.round(Number(f.largest_frame_bytes) / 1000)} kB.`,
    means: 'Viewers whose lines carry just the average stall at every burst.',
    remedy: `${output}, Rate Control: CBR (or VBV: maxrate as the bitrate, bufsize one second of it).`,
  },
  uplink: wellWith((f) => `Frames arrive in time, at most ${milliseconds(f.jitter_ms)} apart from their schedule.`),
  'uplink-uneven': {
    found: (f) => `Frames arrive unevenly: some ${milliseconds(f.jitter_ms)} later than others.`,
    means: 'Low-latency viewers stall when a frame is later than their buffer is long.',
    remedy:
      'The way from the broadcaster to this server stands still at times: a cable instead of Wi-Fi, or a lower bitrate.',
  },
  'uplink-starved': {
    found: (f) =>
      `The broadcast arrives ${milliseconds(f.behind_ms)} later than it did: the line is slower than its bit rate.`,
    means: 'Viewers stall, and are further and further behind.',
    remedy: `Halve the bitrate (${output}, Bitrate), or let it follow the line (Settings, Advanced, Dynamically change bitrate).`,
  },
  'time-jumps': {
    found: (f) => `The encoder's clock has jumped (${times(f.jumps)} in the last minute).`,
    means: 'Players see a discontinuity at each jump: a short stall, or a click.',
    remedy: 'Encoders do that when a source is switched or their computer slept: update it, or restart the broadcast.',
  },
  'time-backwards': {
    found: (f) => `The time of ${f.frames} frames stood still or went back.`,
    means: 'They are shown a moment later; viewers hardly notice.',
    remedy: 'An update of the encoder, where there is one.',
  },
  'sound-in-step': wellWith(
    (f) => `Sound and picture arrive together (${milliseconds(Math.abs(Number(f.apart_ms)))} apart).`,
  ),
  'sound-drifts': {
    found: (f) =>
      `Sound and picture have gone ${milliseconds(Math.abs(Number(f.drift_ms)))} apart since the beginning.`,
    means: 'Lips and voices do not match, more and more.',
    remedy: `One device's clock is off: the same sample rate everywhere (${audioSettings}, Sample Rate: 48 kHz), then restart the broadcast.`,
  },
  'sound-apart': {
    found: (f) =>
      `Sound of the same time arrives ${milliseconds(Math.abs(Number(f.apart_ms)))} ${Number(f.apart_ms) > 0 ? 'after' : 'before'} its picture.`,
    means: 'Viewers are that much further behind; where the timestamps are wrong, lips and voices do not match.',
    remedy: 'In OBS: Edit, Advanced Audio Properties, Sync Offset: 0 ms; restart the broadcast.',
  },
  'sound-none': {
    found: () => 'No sound comes.',
    means: 'Viewers hear nothing.',
    remedy:
      'In OBS: does the Audio Mixer move? Settings, Audio, Global Audio Devices; Output, Streaming, Audio Track 1.',
  },
  'sound-stopped': {
    found: (f) => `The sound has stopped ${seconds(f.since_ms)} ago, the picture goes on.`,
    means: 'Viewers hear silence.',
    remedy: 'Is the sound device still there? In OBS: does the Audio Mixer move?',
  },
  'sound-silent': {
    found: (f) => `The sound is silent: ${f.bytes_per_frame} bytes a frame for ten seconds.`,
    means: 'Viewers hear nothing.',
    remedy: 'A muted or missing source. In OBS: does the Audio Mixer move?',
  },
  'sound-format': wellWith(
    (f) => `The sound is ${f.codec}, ${Number(f.sample_rate_hz) / 1000} kHz, ${channels(f.channels)}.`,
  ),
  'sound-rate-low': {
    found: (f) => `The sound has ${Number(f.sample_rate_hz) / 1000} kHz only.`,
    means: 'It is dull, and some players refuse it.',
    remedy: `${audioSettings}, Sample Rate: 48 kHz.`,
  },
  'sound-mono': {
    found: () => 'The sound is mono.',
    means: 'Fine for speech; music loses its width.',
    remedy: `${audioSettings}, Channels: Stereo.`,
  },
  'sound-profile-rare': {
    found: (f) => `The sound is ${f.codec}, not AAC-LC.`,
    means: 'Old players and some televisions play it without its upper half, or not at all.',
    remedy: `${output}, Audio Encoder: AAC (LC), 128 Kbps or more.`,
  },
  'sound-clock-off': {
    found: (f) =>
      `Timestamps of the sound run ${Math.abs(Number(f.percent))} % ${Number(f.percent) > 0 ? 'faster' : 'slower'} than the sound itself.`,
    means: 'It is stretched, or patched with silence, to stay with the picture.',
    remedy: `The sample rate that is announced is not that of the device: the same everywhere (${audioSettings}, Sample Rate: 48 kHz).`,
  },
  'sound-holes': {
    found: (f) => `The sound has holes: ${times(f.holes)} in the last minute.`,
    means: 'Viewers hear short silences.',
    remedy: 'The computer that broadcasts is overloaded, or a device loses samples: a faster preset, another USB port.',
  },
  'sound-untaken': {
    found: (f) => String(f.text),
    means: 'Viewers hear nothing.',
    remedy: `${output}, Audio Encoder: AAC.`,
  },
  'source-replaced': { found: (f) => String(f.text), means: '', remedy: '' },
  'rung-withheld': {
    found: (f) => String(f.text),
    means: 'Viewers on slow lines have fewer qualities to choose from.',
    remedy: 'streamctl doctor tells how many broadcasts this machine transcodes.',
  },
} as const satisfies Record<string, Texts>;

export type BroadcastFindingCode = keyof typeof findingTexts;

export const broadcastFindingCodes = Object.keys(findingTexts) as BroadcastFindingCode[];

/** A finding in words. */
export function describeFinding({ code, severity, figures }: StreamFinding): FindingView {
  return { code, severity, ...broadcastFindingWords(code, figures), figures: { ...figures } };
}

/** What is said of a finding with these figures. */
export function broadcastFindingWords(code: BroadcastFindingCode, figures: Figures) {
  const { found, means, remedy }: Texts = findingTexts[code];
  return { found: found(figures), means, remedy: typeof remedy === 'string' ? remedy : remedy(figures) };
}

function seconds(ms: number | string | undefined): string {
  return `${Math.round(Number(ms) / 100) / 10} s`;
}

function milliseconds(ms: number | string | undefined): string {
  return Number(ms) >= 1000 ? seconds(ms) : `${Math.round(Number(ms))} ms`;
}

function megabits(bps: number | string | undefined): string {
  const value = Number(bps);
  return value >= 1e6 ? `${(value / 1e6).toFixed(1)} Mbit/s` : `${Math.round(value / 1000)} kbit/s`;
}

function times(count: number | string | undefined): string {
  return count === 1 ? 'once' : `${count} times`;
}

function channels(count: number | string | undefined): string {
  return count === 2 ? 'stereo' : count === 1 ? 'mono' : `${count} channels`;
}
