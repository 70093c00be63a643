import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Child } from './child.ts';
import { until } from './until.ts';

export interface LiveFixtureOptions {
  /** Folder that gets `index.m3u8` and its segments; made when missing. */
  readonly folder: string;
  /** Below `folder`, so that two broadcasts of one channel have different media URLs. */
  readonly broadcast: string;
  readonly format: 'hls-fmp4' | 'hls-ts' | 'dash';
}

const source = [
  ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=30'],
  ['-re', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'],
  [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-tune',
    'zerolatency',
    '-g',
    '30',
    '-b:v',
    '800k',
    '-pix_fmt',
    'yuv420p',
  ],
  ['-c:a', 'aac', '-b:a', '96k'],
].flat();

/** A live stream by ffmpeg alone, as files, to develop players and checkers against; it ends with its child. */
export async function startLiveFixture({ folder, broadcast, format }: LiveFixtureOptions): Promise<Child> {
  await mkdir(join(folder, broadcast), { recursive: true });
  const hls = ['-f', 'hls', '-hls_time', '1', '-hls_list_size', '8', '-hls_flags', 'delete_segments+program_date_time'];
  const output = {
    'hls-fmp4': [...hls, '-hls_segment_type', 'fmp4', '-master_pl_name', 'index.m3u8', `${broadcast}/media.m3u8`],
    'hls-ts': [...hls, '-hls_segment_type', 'mpegts', '-master_pl_name', 'index.m3u8', `${broadcast}/media.m3u8`],
    dash: [
      ...['-f', 'dash', '-seg_duration', '1', '-frag_duration', '0.5', '-window_size', '10', '-ldash', '1'],
      ...['-streaming', '1', '-use_timeline', '0', '-write_prft', '1', '-target_latency', '2'],
      ...['-adaptation_sets', 'id=0,streams=v id=1,streams=a', `${broadcast}/manifest.mpd`],
    ],
  }[format];
  const encoder = new Child('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', ...source, ...output], {
    cwd: folder,
  });
  if (format !== 'dash') {
    // ffmpeg puts its multivariant playlist beside the media; ours is one folder up and never moves.
    const written = join(folder, broadcast, 'index.m3u8');
    const playlist = await until('ffmpeg lists media', () => readFile(written, 'utf8').catch(() => undefined));
    await writeFile(join(folder, 'index.m3u8'), playlist.replace('media.m3u8', `${broadcast}/media.m3u8`));
  }
  return encoder;
}
