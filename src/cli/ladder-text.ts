import type { LadderRungView, LadderView } from '../contract/ladder-view.ts';
import { bitrate, bold, renderTable } from './table.ts';

/** What is transcoded of a broadcast: a line about all of it, a table of the rungs, and why some are not made. */
export function ladderText(ladder: LadderView): string {
  const parts = [`${bold('LADDER')}  ${summary(ladder)}`];
  if (ladder.rungs.length > 0) parts.push(renderTable(heads, ladder.rungs.map(cells)));
  const reasons = ladder.rungs.filter(({ why }) => why !== null).map(({ name, why }) => `- ${name}: ${why}`);
  if (reasons.length > 0) parts.push(reasons.join('\n'));
  return parts.join('\n');
}

const heads = ['RUNG', 'STATE', 'SIZE', 'FPS', 'BITRATE', 'LAG', 'FRAMES'];

function cells(rung: LadderRungView): (string | number | null)[] {
  const { name, state, width, height, fps, encoded_fps: encodedFps, bitrate_bps: bps, lag_ms: lag, frames } = rung;
  return [
    name,
    state.replace('_', ' '),
    width === null ? null : `${width}x${height}`,
    encodedFps === null ? fps : `${encodedFps} of ${fps}`,
    bps === null ? null : bitrate(bps),
    lag === null ? null : `${lag} ms`,
    frames === 0 ? null : frames,
  ];
}

function summary(ladder: LadderView): string {
  const { state, why, encoder, promised_cores: cores, speed, failures, dropped_frames: dropped } = ladder;
  const facts = [
    state.replace('_', ' ') + (why === null ? '' : ` (${why})`),
    encoder,
    cores === 0 ? null : `${cores.toFixed(2)} cores`,
    speed === null ? null : `${speed.toFixed(2)} x real time`,
    failures === 0 ? null : `${failures} restarts`,
    dropped === 0 ? null : `${dropped} frames dropped`,
  ];
  return facts.filter((fact) => fact !== null).join(', ');
}
