/** By what stands in User-Agent: players first, then browsers, the more particular before those they pretend to be. */
const players: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\bLibVLC\/|\bVLC\//, 'VLC'],
  [/\bLavf\//, 'ffmpeg'],
  [/\blibmpv\b|\bmpv\b/, 'mpv'],
  [/\bAppleCoreMedia\//, 'AVPlayer'],
  [/\bExoPlayer|\bAndroidXMedia3\//, 'ExoPlayer'],
  [/\bGStreamer\b/i, 'GStreamer'],
  [/\bEdg\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\//, 'Firefox'],
  [/\b(?:Headless)?Chrom(?:e|ium)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];

/** Those that tell their name themselves. */
const pagePlayers = ['hls.js', 'native'];
const known = new Set([...players.map(([, name]) => name), ...pagePlayers]);

/** One of a few names, whatever a player calls itself: versions and inventions are left out. */
export function knownPlayer(name: string): string {
  const [first = ''] = name.split(' ', 1);
  return known.has(first) ? first : 'other';
}

/** What plays, as far as User-Agent tells: one of a few names. */
export function playerName(userAgent: string): string {
  return players.find(([pattern]) => pattern.test(userAgent))?.[1] ?? 'other';
}
