import { expect, test } from 'vitest';
import { isDisposable } from '../../src/transcode/disposable-frame.ts';
import { FeedGate } from '../../src/transcode/feed-gate.ts';
import { type PlannedRung, planLadder } from '../../src/transcode/ladder.ts';
import { RungTable } from '../../src/transcode/rung-table.ts';
import type { TranscodeListener, TranscodeNotice } from '../../src/transcode/transcode-listener.ts';
import { hevcClip, irregularClip, ptsOf, shownTimes } from './source-clips.ts';
import { transcodeClip } from './transcoded.ts';

const clip = irregularClip();

function frame(ptsMs: number, isSync: boolean, data = Uint8Array.of(0, 0, 0, 1, 0x41)) {
  return { dtsMs: ptsMs, ptsMs, isSync, data };
}

test('frames that no other needs can be left out: all others still come out at their times, without a complaint', async () => {
  const units = clip.units.filter((unit) => !isDisposable('avc', unit.data));
  const leftOut = clip.units.length - units.length;
  expect(leftOut).toBeGreaterThan(clip.units.length * 0.2);
  const { widthPixels, heightPixels, codec } = clip.config;
  const source = { widthPixels, heightPixels, codec, fps: 30, bitrateBps: 5e6, isPassthrough: true };
  const levels = [{ name: '240p', heightPixels: 240, videoBitrateBps: 400_000 }];
  const rungs = planLadder({ source, levels }).rungs.map((rung) => ({
    ...rung,
    firstPtsMs: 10_000 + ptsOf(units[0]!),
  }));
  const taken = await transcodeClip({ ...clip, units }, { feedFormat: 'flv', encoder: 'x264', rungs });
  expect(taken.rungs[0]?.frames.map((got) => got.ptsMs)).toEqual(shownTimes(units));
  expect(taken.log.filter((line) => line.includes('[error]'))).toEqual([]);
});

test('keyframes are never left out, and of other codecs nothing is', () => {
  expect(clip.units.filter((unit) => unit.isSync).some((unit) => isDisposable('avc', unit.data))).toBe(false);
  expect(hevcClip().units.some((unit) => isDisposable('hevc', unit.data))).toBe(false);
  expect(isDisposable('avc', new Uint8Array(0))).toBe(false);
  expect(isDisposable('avc', Uint8Array.of(0, 0, 0, 1, 0x06))).toBe(false); // SEI alone
});

test('skipping ends at the first keyframe that finds ffmpeg caught up', () => {
  const gate = new FeedGate();
  expect(gate.admits(frame(0, false), 'avc', 9000)).toBe(true);
  gate.skipToKeyframe();
  expect(gate.admits(frame(33, false), 'avc', 100)).toBe(false);
  expect(gate.admits(frame(66, true), 'avc', 2000)).toBe(false);
  expect(gate.admits(frame(100, true), 'avc', 900)).toBe(true);
  expect(gate.admits(frame(133, false), 'avc', 900)).toBe(true);
  expect(gate.isSkipping).toBe(false);
});

test('frames that no other needs are left out only while that is asked for', () => {
  const gate = new FeedGate();
  const disposable = frame(0, false, Uint8Array.of(0, 0, 0, 1, 0x01));
  expect(gate.admits(disposable, 'avc', 0)).toBe(true);
  gate.dropsDisposable = true;
  expect(gate.admits(disposable, 'avc', 0)).toBe(false);
  expect(gate.admits(frame(33, false), 'avc', 0)).toBe(true);
});

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
    table.frame('a', { kind: 'video', dtsMs, compositionOffsetMs: 0, isSync: true, data: new Uint8Array(1) });
  }
  expect(times).toEqual([10, 20, 30]);
});
