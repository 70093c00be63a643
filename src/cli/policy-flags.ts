import { Flags } from '@oclif/core';
import { StreamctlError } from '../base/errors.ts';
import { bitrateBps } from '../config/values.ts';
import type { KeyPolicyPatch, KeyPolicyView } from '../contract/keys.ts';
import { type PolicyCodec, policyCodecs } from '../contract/policy-codecs.ts';
import { readLadder } from './ladder-flag.ts';

/** What takes a member of a policy away. */
const asConfigured = 'default';

/** Flags for what a key allows. */
export const policyFlags = {
  'max-bitrate': Flags.string({
    helpValue: '6M',
    description: 'What the publisher may send at most, bits per second; default: without a limit.',
  }),
  'max-height': Flags.string({
    helpValue: '1080',
    description: 'How high the picture may be at most, pixels; default: without a limit.',
  }),
  codecs: Flags.string({
    helpValue: 'avc,aac',
    description: `What the publisher may send, of ${policyCodecs.join(', ')}; default: all that can be taken.`,
  }),
  ladder: Flags.string({
    helpValue: '480p,360p',
    description: 'Rungs of the ladder its broadcasts get, or none; default: all that are configured.',
  }),
  playback: Flags.string({
    options: ['public', 'signed', asConfigured],
    description: 'Whether viewers need a signed link; default: as configured.',
  }),
  record: Flags.string({
    options: ['yes', 'no', asConfigured],
    description: 'Whether its broadcasts are recorded; default: as configured.',
  }),
};

type PolicyFlags = { readonly [Name in keyof typeof policyFlags]?: string | undefined };

/** The change that the flags ask for: null takes a member away; undefined when they ask for none. Throws CLI_FLAG_INVALID. */
export function readPolicy(flags: PolicyFlags): KeyPolicyPatch | undefined {
  const patch: KeyPolicyPatch = {
    max_bitrate_bps: given(flags['max-bitrate'], readBitrate),
    max_height: given(flags['max-height'], readHeight),
    codecs: given(flags.codecs, readCodecs),
    ladder: given(flags.ladder, (text) => readLadder(text)!),
    playback: given(flags.playback, (text) => text as 'public' | 'signed'),
    record: given(flags.record, (text) => text === 'yes'),
  };
  return Object.values(patch).every((value) => value === undefined) ? undefined : patch;
}

/** The policy of a new key. Throws CLI_FLAG_INVALID. */
export function readNewPolicy(flags: PolicyFlags): KeyPolicyView | undefined {
  const patch = readPolicy(flags);
  if (patch === undefined) return undefined;
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== null && value !== undefined));
}

function given<Value>(text: string | undefined, read: (text: string) => Value): Value | null | undefined {
  if (text === undefined) return undefined;
  return text === asConfigured ? null : read(text);
}

function readBitrate(text: string): number {
  const result = bitrateBps().safeParse(text);
  if (result.success && result.data > 0) return result.data;
  const wanted = 'a bit rate with its unit (k or M, bits per second), such as 2500k or 6M, or default';
  throw new StreamctlError('CLI_FLAG_INVALID', { flag: 'max-bitrate', found: text, wanted });
}

function readHeight(text: string): number {
  const height = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (height > 0) return height;
  throw new StreamctlError('CLI_FLAG_INVALID', {
    flag: 'max-height',
    found: text,
    wanted: 'pixels, such as 1080, or default',
  });
}

function readCodecs(text: string): PolicyCodec[] {
  const names = text.split(',').map((name) => name.trim());
  const known = policyCodecs.filter((codec) => names.includes(codec));
  if (known.length === new Set(names).size) return known;
  const wanted = `names of codecs, such as avc,aac, of ${policyCodecs.join(', ')}, or default`;
  throw new StreamctlError('CLI_FLAG_INVALID', { flag: 'codecs', found: text, wanted });
}
