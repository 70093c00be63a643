import { expect, test } from 'vitest';
import { ladderText } from '../../src/cli/ladder-text.ts';
import { defaultRungs } from '../../src/config/ladder.ts';
import { ladderView } from '../../src/contract/ladder-view.ts';
import { LadderStatus } from '../../src/pipeline/ladder-status.ts';
import { LadderTotals } from '../../src/pipeline/ladder-totals.ts';
import { planLadder } from '../../src/transcode/ladder.ts';
import type { TranscodeStats } from '../../src/transcode/transcode-listener.ts';

const source = { widthPixels: 1920, heightPixels: 1080, fps: 30, bitrateBps: 6e6, codec: 'avc', isPassthrough: true };
const plan = planLadder({ source: source as Parameters<typeof planLadder>[0]['source'] });
const wishes = {
  ...{ mode: 'auto' as const, levels: defaultRungs, allowed: undefined, plan, promisedCores: 0.1234, resting: [] },
  withheld: [{ name: '720p', why: '720p is withheld: it takes 0.17 cores.' }],
};

function stats(frames: number, more: Partial<TranscodeStats> = {}): TranscodeStats {
  return {
    ...{ state: 'RUNNING', encoder: 'x264', framesFed: frames, framesDropped: 0, starts: 1, failures: 0, stalls: 0 },
    ...{ damagedFrames: 0, backlogBytes: 0, speed: 1.01 },
    rungs: [{ name: '480p', state: 'live', frames, bytes: 0, lagMs: 41.7 }],
    ...more,
  };
}

test('a rung is told with its state, why, rate and lag; what is withheld or left out with the reason', () => {
  const status = new LadderStatus(new LadderTotals(['480p']));
  status.rungState('480p', 'live', 'frames come out');
  status.count(stats(30), 1000);
  status.count(stats(60), 2000);
  const view = ladderView.parse(status.view(wishes, stats(63)));
  expect(view).toMatchObject({ state: 'running', encoder: 'x264', promised_cores: 0.123, why: null });
  expect(view.rungs).toMatchObject([
    { name: '720p', state: 'withheld', why: '720p is withheld: it takes 0.17 cores.', encoded_fps: null, lag_ms: null },
    { name: '480p', state: 'live', why: null, width: 854, height: 480, encoded_fps: 30, frames: 63, lag_ms: 42 },
    { name: '360p', state: 'planned', why: null, frames: 0 },
    { name: '1080p', state: 'left_out', why: 'it would hardly be smaller than the source, in size or in bit rate' },
  ]);
  const text = ladderText(view);
  expect(text).toMatch(/^LADDER {2}running, x264, 0\.12 cores, 1\.01 x real time$/m);
  expect(text).toMatch(/^480p +live +854x480 +30 of 30 +1\.4 Mbit\/s +42 ms +63$/m);
  expect(text).toMatch(/^- 720p: 720p is withheld: it takes 0\.17 cores\.$/m);
});

test('rungs that a key does not allow are left out, and ones it names in vain are told', () => {
  const status = new LadderStatus(new LadderTotals([]));
  const restricted = planLadder({
    source: source as never,
    levels: defaultRungs.filter(({ name }) => name === '360p'),
  });
  const { rungs } = status.view({ ...wishes, plan: restricted, withheld: [], allowed: ['360p', '99p'] }, stats(0));
  expect(rungs.map(({ name, state, why }) => [name, state, why])).toEqual([
    ['360p', 'planned', null],
    ['1080p', 'left_out', "it is not among the rungs of the broadcast's key"],
    ['720p', 'left_out', "it is not among the rungs of the broadcast's key"],
    ['480p', 'left_out', "it is not among the rungs of the broadcast's key"],
    ['99p', 'left_out', "the broadcast's key names it, and ladder.rungs has no such rung"],
  ]);
});

test('totals outlive broadcasts: frames by rung, those of unknown names together, restarts by reason', () => {
  const totals = new LadderTotals(['480p']);
  for (const frames of [100, 50]) {
    const status = new LadderStatus(totals);
    status.rungState('480p', 'live', '');
    status.rungState('242p', 'live', '');
    const more = { name: '242p', state: 'live' as const, frames: 7, bytes: 0, lagMs: 0 };
    status.count(stats(frames / 2), 1000);
    status.count(stats(frames, { framesDropped: 3, rungs: [...stats(frames).rungs, more] }), 2000);
    status.noticed({ type: 'failed', reason: 'stalled', why: '', retryInMs: 0 });
    status.noticed({ type: 'encoder-replaced', from: 'nvenc', to: 'x264', why: '' });
  }
  expect(totals.frames).toEqual({ '480p': 150, other: 14 });
  expect(totals.droppedFrames).toBe(6);
  expect(totals.restarts).toEqual({ not_started: 0, exited: 0, stalled: 2, encoder: 2 });
});

test('while it is degraded, it says why', () => {
  const status = new LadderStatus(new LadderTotals([]));
  status.rungState('480p', 'withdrawn', 'it ended with code 3');
  status.noticed({ type: 'degraded', reason: 'exited', why: 'it ended with code 3', retryInMs: 30_000 });
  const view = status.view(wishes, stats(0, { state: 'DEGRADED', rungs: [] }));
  expect(view).toMatchObject({ state: 'degraded', why: 'it ended with code 3' });
  expect(view.rungs[1]).toMatchObject({ name: '480p', state: 'withdrawn', why: 'it ended with code 3', lag_ms: null });
  expect(status.view(wishes, stats(9)).why).toBeNull();
});
