import { describe, expect, test } from 'vitest';
import { FlvReader } from '../../src/media/flv/file.ts';
import { parseVideoTagBody } from '../../src/media/flv/tag.ts';
import { readFragments } from '../../src/media/mp4/fragment-reader.ts';
import { createFeed } from '../../src/transcode/feed-writer.ts';
import { hevcClip, irregularClip, ptsOf } from './source-clips.ts';

describe('what ffmpeg is fed', () => {
  test('is FLV that our own ingest reads back as it was given', () => {
    const clip = irregularClip();
    const feed = createFeed(clip.config, 30);
    const reader = new FlvReader();
    reader.push(feed.header());
    const [script, header] = [reader.next(), reader.next()];
    expect(script?.type).toBe('script');
    expect(Buffer.from(script!.body).includes('framerate')).toBe(true);
    expect(parseVideoTagBody(header!.body)).toMatchObject({ type: 'config', config: clip.config });
    const far = 2 ** 30 + 5; // beyond 24 bits
    for (const unit of clip.units.slice(0, 40)) {
      const { isSync, data, dtsMs, compositionOffsetMs } = unit;
      reader.push(feed.frame({ dtsMs: dtsMs + far, ptsMs: ptsOf(unit) + far, isSync, data }));
      const tag = reader.next()!;
      expect(tag.timestampMs).toBe(dtsMs + far);
      expect(parseVideoTagBody(tag.body)).toMatchObject({ type: 'frame', isSync, compositionOffsetMs });
      expect(Buffer.compare(tag.body.subarray(5), data)).toBe(0);
    }
  });

  test('is, for HEVC, one fragment a frame in milliseconds, without negative composition offsets', () => {
    const clip = hevcClip();
    const feed = createFeed(clip.config, 30);
    for (const unit of clip.units.slice(0, 40)) {
      const { isSync, data } = unit;
      const [fragment] = readFragments(feed.frame({ dtsMs: unit.dtsMs, ptsMs: ptsOf(unit), isSync, data }));
      const [sample] = fragment!.samples;
      expect(fragment!.baseDecodeTimeTicks + sample!.compositionOffsetTicks).toBe(ptsOf(unit));
      expect(sample).toMatchObject({ isSync });
      expect(Buffer.compare(sample!.data, data)).toBe(0);
    }
    const [early] = readFragments(feed.frame({ dtsMs: 100, ptsMs: 90, isSync: false, data: Uint8Array.of(1) }));
    expect([early!.baseDecodeTimeTicks, early!.samples[0]!.compositionOffsetTicks]).toEqual([90, 0]);
  });
});
