import { readdirSync, readFileSync } from 'node:fs';

/** The ffmpegs that a server runs, by its process id. */
export function ffmpegChildren(serverPid: number): number[] {
  return readdirSync(`/proc/${serverPid}/task`)
    .flatMap((task) => wordsOf(`/proc/${serverPid}/task/${task}/children`, ' ').map(Number))
    .filter((pid) => wordsOf(`/proc/${pid}/comm`, ' ')[0] === 'ffmpeg');
}

/** Those of them that make rungs, and not a single picture. */
export function ladderFfmpegs(serverPid: number): number[] {
  return ffmpegChildren(serverPid).filter((pid) => {
    const words = wordsOf(`/proc/${pid}/cmdline`, '\0');
    return words.includes('pipe:0') && !words.includes('-frames:v');
  });
}

/** None when the process is gone. */
function wordsOf(file: string, separator: string): string[] {
  try {
    return readFileSync(file, 'utf8').trim().split(separator).filter(Boolean);
  } catch {
    return [];
  }
}
