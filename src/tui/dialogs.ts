import { type Line, segment } from './line.ts';
import { selectedStream, type TopState } from './top-state.ts';

/** The line at the bottom: what is asked, what was just done, or which keys there are. */
export function dialogLine(state: TopState, nowMs: number): Line {
  const { dialog, filter, notice, view, sort } = state;
  if (dialog === 'stop') {
    const channel = selectedStream(state)?.channel ?? 'the stream';
    return [segment(`Stop ${channel}? Its publisher is sent away, playlists end. y: yes, any other key: no`, 'poor')];
  }
  if (dialog === 'filter') {
    return [segment('/', 'bold'), segment(`${filter}█`), segment('   Enter: keep, Esc: all channels', 'dim')];
  }
  if (notice !== null && nowMs < notice.untilMs) return [segment(notice.text, 'bold')];
  const keys =
    view === 'depth'
      ? [
          ['↑↓', 'scroll'],
          ['x', 'stop'],
          ['c', 'copy link'],
          ['?', 'help'],
          ['q', 'back'],
        ]
      : [
          ['↑↓', ''],
          ['Enter', 'in depth'],
          ['s', `sort: ${sort}`],
          ['/', filter === '' ? 'filter' : `filter: ${filter}`],
          ['x', 'stop'],
          ['c', 'link'],
          ['?', 'help'],
          ['q', 'quit'],
        ];
  return keys.flatMap(([key = '', what]) => [segment(key, 'bold'), segment(` ${what}`.trimEnd()), segment('  ')]);
}

export const helpLines: readonly string[] = [
  '↑ ↓ j k      select; g G first and last; PgUp PgDn',
  'Enter        one stream in depth; q or Esc back',
  's            sort by channel, health, viewers, bitrate, latency',
  '/            show only channels with this in their name',
  'x            stop the stream (asks first)',
  'c            copy the link to watch it, and show it',
  'q Esc        quit; Ctrl-C from anywhere; Ctrl-Z to the shell',
  '',
  'LATENCY      from the RTMP socket to the playlist, 95 in 100',
  'IN OUT       bits per second from the publisher, to viewers',
  '180/412 ms   half below the first, 95 in 100 below the second',
  'LADDER       rungs; (in parentheses) what is not made now',
  'HEALTH       whether viewers get what they should',
];
