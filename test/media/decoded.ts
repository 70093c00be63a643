import { execFileSync, spawnSync } from 'node:child_process';
import { withFile } from './clips.ts';

/** MD5 of every decoded frame of one kind, in the order shown, as ffmpeg sees it. Throws when ffmpeg complains at all. */
export function decodedFrames(bytes: Uint8Array, name: string, kind: 'video' | 'audio'): string[] {
  const text = withFile(bytes, name, (path) => {
    const select = kind === 'video' ? ['-map', '0:v:0', '-fps_mode', 'passthrough'] : ['-map', '0:a:0'];
    const args = ['-v', 'error', '-xerror', '-i', path, ...select, '-f', 'framemd5', 'pipe:1'];
    const run = spawnSync('ffmpeg', args, { encoding: 'utf8', maxBuffer: 1 << 26 });
    if (run.status !== 0 || run.stderr !== '') throw new Error(`ffmpeg: ${run.status} ${run.stderr}`);
    return run.stdout;
  });
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(',').at(-1)!.trim());
}

export interface Packet {
  readonly pts: number;
  readonly dts: number;
  readonly isKey: boolean;
}

/** The packets of one kind as ffprobe lists them; times in seconds. */
export function probePackets(bytes: Uint8Array, name: string, kind: 'video' | 'audio'): Packet[] {
  const text = withFile(bytes, name, (path) =>
    execFileSync(
      'ffprobe',
      [
        '-v',
        'error',
        '-select_streams',
        `${kind[0]}:0`,
        '-show_entries',
        'packet=pts_time,dts_time,flags',
        '-of',
        'json',
        path,
      ],
      { encoding: 'utf8', maxBuffer: 1 << 26 },
    ),
  );
  const { packets } = JSON.parse(text) as { packets: { pts_time: string; dts_time: string; flags: string }[] };
  return packets.map((packet) => ({
    pts: Number(packet.pts_time),
    dts: Number(packet.dts_time),
    isKey: packet.flags.startsWith('K'),
  }));
}
