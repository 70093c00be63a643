import { expect, onTestFinished, test } from 'vitest';
import type { AccessUnit, ForeignAudioConfig, VideoConfig } from '../../src/media/track.ts';
import { BitrateLimit } from '../../src/pipeline/bitrate-limit.ts';
import { trackBreach } from '../../src/pipeline/policy-breach.ts';
import { PolicyGuard } from '../../src/pipeline/policy-guard.ts';
import type { PublishPolicy } from '../../src/stream/publication.ts';
import { audioConfig, Broadcast, videoConfig } from '../packager/broadcast.ts';

const of = (widthPixels: number, heightPixels: number): VideoConfig => ({ ...videoConfig, widthPixels, heightPixels });
const mp3: ForeignAudioConfig = {
  ...{ kind: 'audio', codec: 'foreign', codecString: 'MP3' },
  ...{ flvSoundHeader: 0x2f, sampleRateHz: 44_100, channelCount: 2 },
};

test.each([
  ['1080p where 1080p is allowed', of(1920, 1080), { maxHeightPixels: 1080 }, undefined],
  ['1080p in portrait', of(1080, 1920), { maxHeightPixels: 1080 }, undefined],
  ['1440p', of(2560, 1440), { maxHeightPixels: 1080 }, /2560x1440.*1080p at most/],
  ['H.264 and a list with it', videoConfig, { codecs: ['avc', 'aac'] }, undefined],
  ['H.264 and a list without', videoConfig, { codecs: ['hevc', 'aac'] }, /picture is avc.*allows hevc, aac/],
  ['AAC and a list without', audioConfig, { codecs: ['avc'] }, /sound is aac.*allows avc/],
  ['MP3 and a list with it', mp3, { codecs: ['avc', 'mp3'] }, undefined],
  ['speex, which has no name in policies', { ...mp3, codecString: 'Speex' }, { codecs: ['avc', 'mp3'] }, /is speex/],
  ['anything without a policy', of(7680, 4320), {}, undefined],
] as const)('a track is held against the policy: %s', (_, config, policy, words) => {
  const breach = trackBreach(config, policy);
  if (words === undefined) expect(breach).toBeUndefined();
  else expect(breach?.message).toMatch(words);
});

/** A broadcast under guard, whose publisher sends a frame each 100 ms. */
function guarded(policy: PublishPolicy) {
  const broadcast = new Broadcast();
  const guard = new PolicyGuard(broadcast.stream, broadcast.clock);
  const publication = guard.attend(broadcast.attach(), policy);
  publication.videoConfig(videoConfig);
  let frames = 0;
  /** Ends early when the broadcast has; gives for how many seconds it lasted. */
  const send = (bitrateBps: number, seconds: number): number => {
    const data = new Uint8Array(bitrateBps / 80);
    for (let tenths = 0; tenths < seconds * 10; tenths++) {
      const unit: AccessUnit = {
        kind: 'video',
        dtsMs: frames * 100,
        compositionOffsetMs: 0,
        isSync: frames % 10 === 0,
        data,
      };
      frames++;
      publication.accessUnit(unit);
      broadcast.clock.advance(100);
      broadcast.stream.tick();
      if (tenths % 10 === 9) guard.look();
      if (broadcast.stream.hasEnded) return (tenths + 1) / 10;
    }
    return seconds;
  };
  onTestFinished(() => broadcast.stream.suspend());
  return { broadcast, guard, publication, send };
}

test('a broadcast over its bit rate for more than ten seconds ends, and the text has both figures', () => {
  const { broadcast, send } = guarded({ maxBitrateBps: 1_000_000 });
  const lastedSeconds = send(2_000_000, 60);
  expect(lastedSeconds).toBeGreaterThan(10);
  expect(lastedSeconds).toBeLessThanOrEqual(18);
  const [last] = broadcast.changes.slice(-1);
  expect(last).toMatchObject({ type: 'ended', state: 'ERROR', reason: 'policy' });
  expect(last?.type === 'ended' && last.error?.message).toMatch(/2\.0 Mbit\/s; allowed are 1\.0 Mbit\/s/);
});

test('a scene over the bit rate, and an encoder that is a little over it, are borne', () => {
  const { send } = guarded({ maxBitrateBps: 1_000_000 });
  for (let n = 0; n < 3; n++) {
    expect(send(3_000_000, 4)).toBe(4);
    expect(send(500_000, 10)).toBe(10);
  }
  expect(send(1_080_000, 60)).toBe(60);
});

test('what comes at once when the process had stood still is no breach', () => {
  const { guard, send } = guarded({ maxBitrateBps: 1_000_000 });
  send(900_000, 10);
  for (let n = 0; n < 5; n++) {
    guard.forgive();
    expect(send(5_000_000, 3)).toBe(3);
  }
});

test('a policy that is changed holds for what is running: size and codecs at once, the bit rate after ten seconds', () => {
  const running = guarded({});
  expect(running.send(2_000_000, 20)).toBe(20);
  running.guard.change({ maxBitrateBps: 1_000_000 });
  expect(running.send(2_000_000, 30)).toBeLessThanOrEqual(18);
  const smaller = guarded({});
  smaller.send(1_000_000, 2);
  smaller.guard.change({ maxHeightPixels: 480 });
  expect(smaller.broadcast.dismissals).toEqual(['policy']);
  expect(smaller.broadcast.stream.state).toBe('ERROR');
});

test('a picture that grows too large in the middle of the broadcast ends it, and goes nowhere', () => {
  const { broadcast, publication, send } = guarded({ maxHeightPixels: 720 });
  send(1_000_000, 3);
  publication.videoConfig(of(1920, 1080));
  expect(broadcast.stream.state).toBe('ERROR');
  expect(broadcast.rendition('source').segments.at(-1)).toBeDefined();
});

test('who was replaced cannot break the policy for its successor', () => {
  const { broadcast, guard, publication } = guarded({ maxHeightPixels: 720 });
  guard.attend(broadcast.attach(), { maxHeightPixels: 720 });
  publication.videoConfig(of(1920, 1080));
  expect(broadcast.dismissals).toEqual(['replaced']);
});

test('a limit says nothing before it has seen five seconds', () => {
  const limit = new BitrateLimit();
  for (let second = 0; second < 5; second++) expect(limit.look(second * 1e9, second * 1000, 1)).toBeUndefined();
});
