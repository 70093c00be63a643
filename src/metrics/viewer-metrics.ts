import type { ExperienceFigures } from '../analytics/experience-totals.ts';
import type { AnalyticsStats } from '../analytics/viewer-analytics.ts';
import { delivery, histogram, type Metric, metric, type PlainMetric } from './metric.ts';

/** Who watches, and what they experience by their players' own word. */
export const viewerMetrics: readonly Metric[] = [
  viewers('gauge', 'viewers', 'Viewers now, of all broadcasts.', ({ viewers: count }) => count),
  viewers(
    'counter',
    'viewer_sessions_dropped_total',
    'Viewers that were not counted because there was no room for their sessions.',
    ({ sessionsDropped }) => sessionsDropped,
  ),
  viewers(
    'counter',
    'viewer_reports_dropped_total',
    'CMCD reports about streams that are not here.',
    ({ reportsDropped }) => reportsDropped,
  ),
  viewers(
    'counter',
    'viewer_session_rows_lost_total',
    'Sessions that ended and could not be kept.',
    ({ rowsLost }) => rowsLost,
  ),
  delivery(
    'counter',
    'viewer_events_total',
    'Requests and reports of viewers that were told to control, or dropped.',
    ({ eventsTold, eventsDropped }) => eventsTold + eventsDropped,
  ),
  delivery(
    'counter',
    'viewer_events_dropped_total',
    'Requests of viewers that could not be told to control in time.',
    ({ eventsDropped }) => eventsDropped,
  ),
  histogram(
    'viewer_startup_seconds',
    'From the click to the first picture, by how it is known: the watch page (beacon), players (cmcd2, msd), or estimated from requests (est).',
    ({ experience }) => experience().startups.map(({ player, source, seconds }) => [seconds, { player, source }]),
  ),
  metric(
    'counter',
    'viewer_watch_seconds_total',
    'Time in which pictures moved, of viewers whose stalls are known, and of those of whose stalls nothing is.',
    (sources) => {
      const { watchSeconds, untoldWatchSeconds } = sources.experience();
      return [
        [watchSeconds, { stalls: 'known' }],
        [untoldWatchSeconds, { stalls: 'unknown' }],
      ];
    },
  ),
  experience(
    'viewer_rebuffer_seconds_total',
    'Time in which pictures stood still after the start.',
    ({ stallSeconds }) => stallSeconds,
  ),
  experience('viewer_stalls_total', 'Times that pictures stood still after the start.', ({ stalls }) => stalls),
  experience(
    'viewer_frames_total',
    'Frames that players were to show, as far as they tell.',
    ({ totalFrames }) => totalFrames,
  ),
  experience(
    'viewer_dropped_frames_total',
    'Frames of those that players did not show in time.',
    ({ droppedFrames }) => droppedFrames,
  ),
  metric('counter', 'viewer_switch_total', 'Changes of quality, by direction.', (sources) => {
    const { switchesUp, switchesDown } = sources.experience();
    return [
      [switchesUp, { direction: 'up' }],
      [switchesDown, { direction: 'down' }],
    ];
  }),
];

function viewers(
  type: PlainMetric['type'],
  name: string,
  help: string,
  read: (stats: AnalyticsStats) => number,
): PlainMetric {
  return metric(type, name, help, (sources) => [[read(sources.viewers())]]);
}

function experience(name: string, help: string, read: (figures: ExperienceFigures) => number): PlainMetric {
  return metric('counter', name, help, (sources) => [[read(sources.experience())]]);
}
