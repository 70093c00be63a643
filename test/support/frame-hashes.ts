import { run } from './child.ts';

/** MD5 of every decoded frame of one kind, in order of presentation. */
export async function frameHashes(file: string, kind: 'video' | 'audio'): Promise<string[]> {
  const { code, stdout, stderr } = await run('ffmpeg', [
    ...['-hide_banner', '-loglevel', 'error', '-i', file, '-map', kind === 'video' ? '0:v:0' : '0:a:0'],
    ...['-fps_mode', 'passthrough', '-f', 'framemd5', '-'],
  ]);
  if (code !== 0 || stderr !== '') throw new Error(`ffmpeg decoding ${file}: ${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(',').at(-1)?.trim() ?? '');
}
