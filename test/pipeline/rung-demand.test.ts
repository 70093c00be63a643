import { expect, test } from 'vitest';
import { RungDemand } from '../../src/pipeline/rung-demand.ts';
import { planLadder } from '../../src/transcode/ladder.ts';
import { ManualClock } from '../support/manual-clock.ts';

function setUp({ isPassthrough = true, targetDurationSeconds = 2, capacityCores = 2 } = {}) {
  const clock = new ManualClock();
  const changes: string[] = [];
  const sink = { targetDurationSeconds, keptFromMs: undefined, restRung: () => {} };
  const onChange = (name: string, isWanted: boolean) => changes.push(`${name} ${isWanted ? 'wanted' : 'rests'}`);
  const demand = new RungDemand({ sink, clock, segmentMs: 2000, capacityCores, onChange });
  const source = { widthPixels: 1280, heightPixels: 720, fps: 30, bitrateBps: 4e6, codec: 'avc' as const };
  const plan = planLadder({ source: { ...source, isPassthrough } });
  return { clock, demand, plan, changes };
}

test('a rung rests half a minute after the last request for it', () => {
  const { clock, demand, plan, changes } = setUp();
  demand.follow(plan, () => true);
  expect(demand.isAsked('480p')).toBe(false);
  expect(demand.wanted('480p')).toBe(true);
  clock.advance(20_000);
  expect(demand.wanted('480p')).toBe(false);
  clock.advance(29_999);
  expect(demand.rest()).toBe(false);
  clock.advance(1);
  expect(demand.rest()).toBe(true);
  expect(demand.isAsked('480p')).toBe(false);
  expect(changes).toEqual(['480p wanted', '480p rests']);
});

test('where segments are long, it rests after six target durations', () => {
  const { clock, demand, plan } = setUp({ targetDurationSeconds: 10 });
  demand.follow(plan, () => true);
  demand.wanted('480p');
  clock.advance(59_999);
  expect(demand.rest()).toBe(false);
  clock.advance(1);
  expect(demand.rest()).toBe(true);
});

test('a rung of which nothing is known is made for three segments, and longer if somebody asks for it meanwhile', () => {
  const { clock, demand, plan } = setUp();
  demand.follow(plan, (name) => name === '360p');
  expect([demand.isAsked('480p'), demand.isAsked('360p')]).toEqual([true, false]);
  clock.advance(5999);
  expect(demand.rest()).toBe(false);
  clock.advance(1);
  expect(demand.rest()).toBe(true);
  demand.follow(plan, () => false);
  expect(demand.wanted('480p')).toBe(false);
  clock.advance(10_000);
  demand.rest();
  expect([demand.isAsked('480p'), demand.isAsked('360p')]).toEqual([true, false]);
});

test('what leads in the source’s place never rests', () => {
  const { clock, demand, plan, changes } = setUp({ isPassthrough: false });
  demand.follow(plan, () => false);
  const [top] = plan.rungs;
  clock.advance(60_000);
  demand.rest();
  expect(demand.isAsked(top!.name)).toBe(true);
  expect(changes).not.toContain(`${top!.name} rests`);
});

test('a rung that the machine could not make if it made nothing else is not offered', () => {
  const { demand, plan } = setUp({ capacityCores: 0.15 });
  demand.follow(plan, () => false);
  expect(demand.impossible).toMatchObject([{ name: '480p', why: expect.stringContaining('ladder.cpu_budget') }]);
  expect([demand.isOffered('480p'), demand.isOffered('360p'), demand.isOffered('99p')]).toEqual([false, true, false]);
  expect(demand.wanted('480p')).toBe(false);
});
