import { ladderFfmpegs } from '../../../support/ffmpeg-children.ts';
import { until } from '../../../support/until.ts';
import { type Fault, settled } from '../fault.ts';

const patienceMs = 60_000;

/** The ffmpeg that makes the rungs is killed: another takes over within a second, and viewers of a rung lose one segment at most. */
export const killedFfmpeg: Fault = {
  name: 'ffmpeg killed',
  channel: 'laddered',
  happen: async ({ stage, metrics }, { rungs }) => {
    const { processId } = stage.server;
    const breaks = () => [...rungs.values()].map(({ gaps, discontinuities }) => gaps + discontinuities);
    const before = breaks();
    const restarts = (await metrics()).sum('ladder_restarts_total');
    const recoveries = stage.said('transcoding: recovered');
    const [pid] = ladderFfmpegs(processId);
    if (pid === undefined) throw new Error('no ffmpeg makes rungs');
    const killedAtMs = performance.now();
    process.kill(pid, 'SIGKILL');
    await until('another ffmpeg runs', () => ladderFfmpegs(processId).some((other) => other !== pid), patienceMs);
    const replacedMs = performance.now() - killedAtMs;
    await until('frames come again', () => stage.said('transcoding: recovered') > recoveries, patienceMs);
    const framesMs = performance.now() - killedAtMs;
    await settled();
    return [
      { name: 'another ffmpeg after, ms', value: Math.round(replacedMs), most: 1000 },
      { name: 'frames again after, ms', value: Math.round(framesMs) },
      {
        name: 'gaps and discontinuities of a rung',
        value: Math.max(...breaks().map((count, rung) => count - before[rung]!)),
        most: 1,
      },
      {
        name: 'restarts counted',
        value: (await metrics()).sum('ladder_restarts_total') - restarts,
        ...{ least: 1, most: 1 },
      },
    ];
  },
};
