import { readdirSync, readFileSync } from 'node:fs';

/** The ffmpegs that a server runs, by its process id. */
export function ffmpegChildren(serverPid: number): number[] {
  return readdirSync(`/proc/${serverPid}/task`)
    .flatMap((task) => wordsOf(`/proc/${serverPid}/task/${task}/children`).map(Number))
    .filter((pid) => wordsOf(`/proc/${pid}/comm`)[0] === 'ffmpeg');
}

/** None when the process is gone. */
function wordsOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trim().split(' ').filter(Boolean);
  } catch {
    return [];
  }
}
