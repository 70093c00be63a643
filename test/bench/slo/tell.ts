import type { Report } from '../report.ts';
import { boundText, type Figure, isFigureKept, isLevelKept, type Level, worstOf } from './verdict.ts';
import type { WatchedBroadcast } from './watched-broadcast.ts';

/** Both tables for people, one line for programs. Gives whether all bounds were kept. */
export function tell(
  report: Report,
  run: {
    readonly levels: readonly Level[];
    readonly happened: ReadonlyMap<string, Figure[][]>;
    readonly broadcasts: readonly WatchedBroadcast[];
  },
): boolean {
  const { levels, happened, broadcasts } = run;
  const worst = [...happened].map(([fault, times]) => ({ fault, times: times.length, figures: worstOf(times) }));
  const broken = [
    ...levels.filter((level) => !isLevelKept(level)).map(({ name }) => name),
    ...worst.flatMap(({ fault, figures }) => {
      return figures.filter((figure) => !isFigureKept(figure)).map(({ name }) => `${fault}: ${name}`);
    }),
  ];
  report.table([
    ['service level', 'told', 'seen', 'bound', ''],
    ...levels.map((level) => [
      ...[level.name, level.told === undefined ? '' : thousandths(level.told), thousandths(level.seen)],
      ...[levelBound(level), isLevelKept(level) ? '' : 'BROKEN'],
    ]),
  ]);
  report.table([
    ['fault', 'times', 'what came of it', 'worst', 'bound', ''],
    ...worst.flatMap(({ fault, times, figures }) =>
      figures.map((figure) => [
        ...[fault, times, figure.name, thousandths(figure.value), boundText(figure)],
        isFigureKept(figure) ? '' : 'BROKEN',
      ]),
    ),
  ]);
  report.line({
    levels: levels.map((level) => ({ ...level, is_kept: isLevelKept(level) })),
    broadcasts: broadcasts.map(({ channel, freshness: { freshMs, connectedMs } }) => ({
      ...{ channel, fresh_ms: Math.round(freshMs), connected_ms: Math.round(connectedMs) },
    })),
    faults: [...happened].map(([fault, times]) => ({ fault, times })),
    broken,
  });
  return broken.length === 0;
}

function levelBound(level: Level): string {
  const { mayDiffer } = level;
  const differ = mayDiffer === undefined ? '' : `+- ${thousandths(mayDiffer)}`;
  return [boundText(level), differ].filter(Boolean).join(', ');
}

function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}
