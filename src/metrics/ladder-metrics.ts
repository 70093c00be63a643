import type { LadderFigures } from '../pipeline/transcoding.ts';
import { type Metric, media, metric, type PlainMetric, type Reading } from './metric.ts';

/** What transcoding does. */
export const ladderMetrics: readonly Metric[] = [
  media(
    'gauge',
    'ladder_budget_cores',
    'Cores that all ladders together may use (ladder.cpu_budget).',
    ({ ladders }) => ladders.budgetCores,
  ),
  media(
    'gauge',
    'ladder_promised_cores',
    'Cores that are set aside for the rungs that are made.',
    ({ ladders }) => ladders.promisedCores,
  ),
  labelled(
    'gauge',
    'ladder_rungs',
    'Rungs of all broadcasts, by state: withheld ones did not fit into the budget.',
    'state',
    (told) => told.rungs,
  ),
  labelled(
    'gauge',
    'ladder_rung_lag_seconds',
    'How far the furthest rung of the name is behind its source.',
    'rung',
    (told) => Object.fromEntries(Object.entries(told.lagMs).map(([rung, lagMs]) => [rung, lagMs / 1000])),
  ),
  labelled('counter', 'rung_frames_total', 'Frames that came out of transcoding.', 'rung', (told) => told.frames),
  media(
    'counter',
    'transcode_drop_frames_total',
    'Frames that were not transcoded because their ffmpeg was too far behind.',
    (figures) => figures.ladders.droppedFrames,
  ),
  labelled(
    'counter',
    'ladder_restarts_total',
    'Times an ffmpeg failed and was replaced, by why.',
    'reason',
    (told) => told.restarts,
  ),
];

function labelled(
  type: PlainMetric['type'],
  name: string,
  help: string,
  label: 'rung' | 'state' | 'reason',
  read: (figures: LadderFigures) => Readonly<Record<string, number>>,
): PlainMetric {
  return metric(type, name, help, (sources) => {
    const told = sources.media()?.ladders;
    return told === undefined ? [] : Object.entries(read(told)).map(([of, value]): Reading => [value, { [label]: of }]);
  });
}
