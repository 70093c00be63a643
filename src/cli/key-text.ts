import type { IssuedKeyView, KeyView } from '../contract/keys.ts';
import { bitrate, bold, localTime, renderPairs, renderTable } from './table.ts';

/** A key that was just made, with exactly what to type where. */
export function issuedKeyText(issued: IssuedKeyView, done: string): string {
  const { channel, key, ingest_server: server, ingest_url: url } = issued;
  const previous = issued.previous_valid_until;
  return [
    `${done} ${bold(channel)}. The key is shown only this once.`,
    '',
    'OBS: Settings, Stream, Service "Custom…"',
    `  Server:      ${server}`,
    `  Stream Key:  ${bold(key)}`,
    '',
    `ffmpeg:  ffmpeg -re -i FILE -c copy -f flv ${url}`,
    `watch:   ${issued.watch_url}`,
    ...(issued.expires_at === null ? [] : [`expires: ${localTime(issued.expires_at)}`]),
    ...(previous === null ? [] : ['', `The key before it is good until ${localTime(previous)}.`]),
  ].join('\n');
}

function ladderText(names: readonly string[] | undefined): string | null {
  if (names === undefined) return null;
  return names.length === 0 ? 'none: the source alone' : names.join(', ');
}

function keyState(key: KeyView, nowMs: number): string {
  if (key.revoked_at !== null) return 'revoked';
  if (key.expires_at !== null && Date.parse(key.expires_at) <= nowMs) return 'expired';
  return 'valid';
}

export function keyTableText(keys: readonly KeyView[], nowMs: number): string {
  if (keys.length === 0) return 'No stream keys yet. Create one: streamctl keys create NAME';
  return renderTable(
    ['KEY', 'CHANNEL', 'STATE', 'CREATED', 'LAST USED', 'EXPIRES'],
    keys.map((key) => [
      key.prefix,
      key.channel,
      keyState(key, nowMs),
      localTime(key.created_at),
      localTime(key.last_used_at),
      localTime(key.expires_at),
    ]),
  );
}

export function keyText(key: KeyView, nowMs: number): string {
  return renderPairs([
    ['key', `${key.prefix}_…${key.last4}`],
    ['channel', key.channel],
    ['state', keyState(key, nowMs)],
    ['created', localTime(key.created_at)],
    ['last used', localTime(key.last_used_at)],
    ['expires', localTime(key.expires_at)],
    ['revoked', localTime(key.revoked_at)],
    ['bit rate at most', key.policy.max_bitrate_bps === undefined ? null : bitrate(key.policy.max_bitrate_bps)],
    ['picture at most', key.policy.max_height === undefined ? null : `${key.policy.max_height}p`],
    ['codecs', key.policy.codecs?.join(', ')],
    ['ladder', ladderText(key.policy.ladder)],
    ['key before it good until', localTime(key.previous_valid_until)],
  ]);
}
