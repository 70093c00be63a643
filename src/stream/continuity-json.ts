import * as z from 'zod';
import type { Continuity } from './continuity.ts';

const bytes = z.base64().transform((text) => new Uint8Array(Buffer.from(text, 'base64')));

const trackConfig = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('video'),
    codec: z.enum(['avc', 'hevc', 'av1']),
    codecString: z.string(),
    record: bytes,
    widthPixels: z.number(),
    heightPixels: z.number(),
    nominalFps: z.number().optional(),
  }),
  z.object({
    kind: z.literal('audio'),
    codec: z.enum(['aac', 'opus']),
    codecString: z.string(),
    record: bytes,
    sampleRateHz: z.number(),
    channelCount: z.number(),
    samplesPerFrame: z.number(),
  }),
]);

const continuity = z.object({
  availabilityStartMs: z.number(),
  targetDurationSeconds: z.int(),
  partTargetMs: z.number(),
  nextMsn: z.int(),
  discontinuitySequence: z.int(),
  endMs: z.number(),
  renditions: z.array(
    z.object({
      name: z.string(),
      config: trackConfig,
      timescale: z.int(),
      initVersion: z.int(),
      decodeDelayTicks: z.number(),
      frameRate: z.number().optional(),
      measured: z.object({ peakBps: z.number(), averageBps: z.number() }).optional(),
    }),
  ),
});

/** What the store keeps of a stream's continuity: plain JSON, decoder records in base64. */
export type ContinuityJson = z.input<typeof continuity>;

export function continuityToJson(value: Continuity): ContinuityJson {
  return {
    ...value,
    renditions: value.renditions.map((rendition) => ({
      ...rendition,
      config: { ...rendition.config, record: Buffer.from(rendition.config.record).toString('base64') },
    })),
  };
}

/** Undefined for what is not one: written by another version, or damaged. */
export function continuityFromJson(json: unknown): Continuity | undefined {
  return continuity.safeParse(json).data;
}
