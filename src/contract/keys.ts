import * as z from 'zod';
import { pageOf, pageQuery } from './page.ts';
import { policyCodecs } from './policy-codecs.ts';
import { requestTime, utcTime, utcTimeOrNull } from './time.ts';

const policyMembers = {
  max_bitrate_bps: z
    .int()
    .positive()
    .meta({ description: 'The publisher may not send more, bits per second.', example: 6_000_000 }),
  max_height: z
    .int()
    .positive()
    .meta({ description: 'The publisher may not send a higher picture, pixels.', example: 1080 }),
  codecs: z
    .array(z.enum(policyCodecs))
    .max(policyCodecs.length)
    .meta({ description: 'The publisher may send no others, picture and sound alike.', example: ['avc', 'aac'] }),
  ladder: z
    .array(z.string().regex(/^[a-z0-9]{1,16}$/))
    .max(16)
    .meta({ description: 'Names of the rungs to transcode to; absent: as configured.', example: ['720p', '480p'] }),
  record: z.boolean(),
  playback: z.enum(['public', 'signed']).meta({ description: 'Whether viewers need a signed link.' }),
};

/** What a key allows beyond publishing; an absent member means: as configured, or without a limit. */
export const keyPolicyView = z.strictObject(policyMembers).partial().meta({ id: 'KeyPolicy' });
export type KeyPolicyView = z.output<typeof keyPolicyView>;

/** A change of a policy (RFC 7396): what is named is set, null takes it away, what is absent stays. */
const keyPolicyPatch = z
  .strictObject({
    max_bitrate_bps: policyMembers.max_bitrate_bps.nullish(),
    max_height: policyMembers.max_height.nullish(),
    codecs: policyMembers.codecs.nullish(),
    ladder: policyMembers.ladder.nullish(),
    record: policyMembers.record.nullish(),
    playback: policyMembers.playback.nullish(),
  })
  .meta({ id: 'KeyPolicyPatch' });
export type KeyPolicyPatch = z.output<typeof keyPolicyPatch>;

const keyMembers = {
  id: z.string().meta({ example: 'q7w2k5x3ab' }),
  channel: z.string().meta({ example: 'morning-show' }),
  prefix: z.string().meta({ description: 'What may be shown of the key.', example: 'sk_q7w2k5x3ab' }),
  last4: z.string().meta({ description: 'The last four characters of the secret, for recognition.', example: 'f3zq' }),
  created_at: utcTime,
  expires_at: utcTimeOrNull,
  revoked_at: utcTimeOrNull,
  last_used_at: utcTimeOrNull,
  previous_valid_until: utcTimeOrNull.meta({
    description: 'After a rotation: until when the secret before it is good too.',
  }),
  policy: keyPolicyView,
};

export const keyView = z.object(keyMembers).meta({ id: 'StreamKey', description: 'A stream key without its secret.' });
export type KeyView = z.output<typeof keyView>;

/** The only answer with the key in it. */
export const issuedKeyView = z
  .object({
    ...keyMembers,
    key: z.string().meta({ example: `sk_q7w2k5x3ab_${'abcdefg234567hij'.repeat(2)}` }),
    ingest_url: z.string().meta({ description: 'Server and key in one, as ffmpeg wants it.' }),
    ingest_server: z
      .string()
      .meta({ description: 'The server alone, as OBS wants it; the key goes into its own field.' }),
    watch_url: z.string(),
    hls_url: z.string(),
    dash_url: z.string(),
  })
  .meta({ id: 'IssuedStreamKey', description: 'A stream key with its text, which is shown in this answer only.' });
export type IssuedKeyView = z.output<typeof issuedKeyView>;

export const createKeyRequest = z
  .strictObject({
    /** Checked by who makes the key, which says what a channel name is. */
    channel: z.string().meta({
      description: '1 to 63 of a-z, 0-9 and "-", not beginning with "-". A channel may have several keys.',
      example: 'morning-show',
    }),
    expires_at: requestTime.nullish(),
    policy: keyPolicyView.optional(),
  })
  .meta({ id: 'CreateStreamKey' });
export type CreateKeyRequest = z.input<typeof createKeyRequest>;

export const updateKeyRequest = z
  .strictObject({
    expires_at: requestTime.nullish().meta({ description: 'Null takes the expiry away.' }),
    policy: keyPolicyPatch.optional(),
  })
  .meta({ id: 'UpdateStreamKey' });
export type UpdateKeyRequest = z.input<typeof updateKeyRequest>;

export const rotateKeyRequest = z
  .strictObject({
    overlap_ms: z
      .int()
      .min(0)
      .max(31 * 86_400_000)
      .prefault(86_400_000)
      .meta({ description: 'How long the old secret stays good, ms: 24 hours when it is left out.' }),
  })
  .meta({ id: 'RotateStreamKey' });

export const keyPage = pageOf(keyView).meta({ id: 'StreamKeyPage' });

export const listKeysQuery = pageQuery.extend({
  channel: z.string().max(64).optional().meta({ description: 'Only keys of this channel.' }),
});
