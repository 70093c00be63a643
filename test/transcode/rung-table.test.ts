import { expect, test } from 'vitest';
import type { PlannedRung } from '../../src/transcode/ladder.ts';
import { RungTable } from '../../src/transcode/rung-table.ts';
import type { TranscodeListener, TranscodeNotice } from '../../src/transcode/transcode-listener.ts';
import { irregularClip } from './source-clips.ts';

const clip = irregularClip();

test('an encoder that makes something else than what was promised to players is told of, once', () => {
  const notices: TranscodeNotice[] = [];
  const configs: string[] = [];
  const listener = {
    notice: (notice: TranscodeNotice) => notices.push(notice),
    rungConfig: (rung: string) => configs.push(rung),
    rungState: () => {},
  } as Partial<TranscodeListener> as TranscodeListener;
  const table = new RungTable(listener);
  const rung = { name: '240p', codecString: 'avc1.4d4015' } as PlannedRung;
  table.want([rung], () => '');
  table.config(rung, clip.config);
  table.config(rung, { ...clip.config, record: clip.config.record.slice() });
  expect(configs).toEqual(['240p']);
  expect(notices).toEqual([
    { type: 'unexpected-codec', rung: '240p', promised: 'avc1.4d4015', found: clip.config.codecString },
  ]);
});

test('a rung never goes back in time', () => {
  const times: number[] = [];
  const listener = { rungFrame: (_: string, unit: { dtsMs: number }) => times.push(unit.dtsMs), rungState: () => {} };
  const table = new RungTable(listener as Partial<TranscodeListener> as TranscodeListener);
  table.want([{ name: 'a' } as PlannedRung], () => '');
  for (const dtsMs of [10, 20, 20, 15, 30]) {
    table.frame(
      'a',
      { kind: 'video', dtsMs, compositionOffsetMs: 0, isSync: true, data: new Uint8Array(1) },
      undefined,
    );
  }
  expect(times).toEqual([10, 20, 30]);
});

test('on a grid all rungs have the first keyframe of each cell in common, and no other', () => {
  const shared: number[] = [];
  const listener = {
    rungFrame: (_: string, unit: { dtsMs: number }, isShared: boolean) => {
      if (isShared) shared.push(unit.dtsMs);
    },
    rungState: () => {},
  };
  const table = new RungTable(listener as Partial<TranscodeListener> as TranscodeListener);
  table.want([{ name: 'a' } as PlannedRung], () => '');
  const grid = { originMs: 10_000.3, intervalMs: 2002 };
  // At 13_500 another ffmpeg went on in the middle of a cell; at 17_000 one behind a hole of two seconds.
  for (const dtsMs of [10_000, 12_002, 13_500, 14_004, 17_000, 18_008]) {
    table.frame('a', { kind: 'video', dtsMs, compositionOffsetMs: 0, isSync: true, data: new Uint8Array(1) }, grid);
  }
  expect(shared).toEqual([10_000, 12_002, 14_004, 17_000, 18_008]);
});
