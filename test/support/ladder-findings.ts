import type { Finding } from './checker/findings.ts';
import type { RenditionWatch } from './checker/rendition-watch.ts';
import type { StreamWatch } from './checker/stream-watch.ts';
import { until } from './until.ts';

/** What the outsider finds once all playlists have ended. */
export async function findingsOf(watch: StreamWatch): Promise<readonly Finding[]> {
  await until('the playlists end', () => [...watch.renditions.values()].every(({ latest }) => latest?.isEnded));
  return (await watch.stop()).findings;
}

export function rendition(watch: StreamWatch, name: string): RenditionWatch {
  const found = [...watch.renditions.values()].find((one) => one.name === `${name}/index.m3u8`);
  if (found === undefined) throw new Error(`no ${name} among ${[...watch.renditions.keys()].join(' ')}`);
  return found;
}

/** That a rung's parts came late is the fault itself; nothing else may be wrong. */
export function butLate(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ rule, where }) => !(rule === 'LL-05' && /^\d+p\//.test(where)));
}

/** A rung that has nothing is listed with gaps or not found, and nobody can say how far it is. */
export function butAbsent(findings: readonly Finding[], rung: string): readonly Finding[] {
  const isAbsence = ({ rule, where, detail }: Finding) =>
    (rule === 'HLS-15' && where.includes(rung)) ||
    (rule === 'HTTP-02' && where.startsWith(`${rung}/`)) ||
    (rule === 'LL-10' && detail.startsWith(`no report of ${rung}`));
  return findings.filter((finding) => !isAbsence(finding));
}
