import { expect, test } from 'vitest';
import type { CachedFrame } from '../../src/transcode/gop-cache.ts';
import { planLadder } from '../../src/transcode/ladder.ts';
import { LadderDemand } from '../../src/transcode/ladder-demand.ts';
import { OverloadGuard } from '../../src/transcode/overload-guard.ts';
import type { TranscodeNotice } from '../../src/transcode/transcode-listener.ts';

const slice = (header: number) => Uint8Array.of(0, 0, 0, 2, header, 0x88);
const frames = {
  key: { dtsMs: 0, ptsMs: 0, isSync: true, data: slice(0x65) },
  reference: { dtsMs: 0, ptsMs: 0, isSync: false, data: slice(0x41) },
  disposable: { dtsMs: 0, ptsMs: 0, isSync: false, data: slice(0x01) },
} as const satisfies Record<string, CachedFrame>;

/** A ladder of two rungs on a transcoder that is as far behind as the test says, looked at once a second. */
function guarded() {
  const demand = new LadderDemand();
  const source = { widthPixels: 1280, heightPixels: 720, codec: 'avc', fps: 30, bitrateBps: 5e6 } as const;
  demand.want({ ...planLadder({ source: { ...source, isPassthrough: true } }), sourceFps: 30 });
  const notices: TranscodeNotice[] = [];
  const guard = new OverloadGuard(demand, { notice: (notice) => notices.push(notice) });
  const session = { worstLagMs: 0, backlogBytes: 0 };
  guard.restarted(0, 0, 0);
  let nowMs = 0;
  const pass = (seconds: number, worstLagMs: number) => {
    session.worstLagMs = worstLagMs;
    for (let second = 0; second < seconds; second++) {
      nowMs += 1000;
      guard.sample(session, nowMs);
    }
  };
  const admitted = () =>
    Object.entries(frames).flatMap(([name, frame]) => (guard.admits(frame, 'avc', session) ? name : []));
  const reactions = () => notices.map((notice) => ('reaction' in notice ? notice.reaction : notice.type));
  return { demand, pass, admitted, reactions };
}

test('half a second behind, frames that no other needs are left out, until it has caught up', () => {
  const { demand, pass, admitted, reactions } = guarded();
  pass(1, 0);
  pass(5, 800);
  expect(admitted()).toEqual(['key', 'reference']);
  pass(7, 50);
  expect(admitted()).toEqual(['key', 'reference', 'disposable']);
  expect(reactions()).toEqual(['drop-non-reference', 'feed-all']);
  expect(demand.ladder.rungs).toHaveLength(2);
});

test('a second and a half behind, rungs are given up from the top, and one is tried again after a minute of calm', () => {
  const { demand, pass, reactions } = guarded();
  pass(1, 0);
  pass(5, 2000);
  expect(demand.ladder.rungs.map(({ name }) => name)).toEqual(['360p']);
  pass(30, 2000);
  expect(demand.ladder.rungs.map(({ name }) => name)).toEqual(['360p']); // the last one stays
  pass(70, 50);
  expect(demand.ladder.rungs).toHaveLength(2);
  expect(reactions().filter((reaction) => reaction.endsWith('-rung'))).toEqual(['shed-rung', 'restore-rung']);
});

test('hopelessly behind, nothing is fed until a keyframe finds it caught up', () => {
  const { pass, admitted, reactions } = guarded();
  pass(1, 0);
  pass(2, 5000);
  expect(admitted()).toEqual([]);
  pass(1, 500);
  expect(admitted()).toEqual(['key', 'reference', 'disposable']);
  expect(reactions()).toEqual(['skip-to-keyframe', 'resumed-at-keyframe']);
});
