/** Codecs as the policy of a key names them. */
export const policyCodecs = ['avc', 'hevc', 'av1', 'aac', 'opus', 'mp3'] as const;
export type PolicyCodec = (typeof policyCodecs)[number];
