/** A media playlist of 2 s segments s0.m4s, s1.m4s, … and 0.5 s parts s0.0.m4s, …, as our server would write it. Segment 0 begins in 2026. */
export function lowLatencyPlaylist(options: {
  readonly firstMsn: number;
  /** Complete ones. */
  readonly segments: number;
  /** Of the segment that is being made. */
  readonly openParts: number;
}): string {
  const { firstMsn, segments, openParts } = options;
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:6',
    '#EXT-X-TARGETDURATION:2',
    '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK=6,PART-HOLD-BACK=1.5',
    '#EXT-X-PART-INF:PART-TARGET=0.5',
    `#EXT-X-MEDIA-SEQUENCE:${firstMsn}`,
    '#EXT-X-MAP:URI="init.mp4"',
  ];
  for (let msn = firstMsn; msn < firstMsn + segments; msn++) {
    lines.push(...parts(msn, 4), '#EXTINF:2.00000,', `s${msn}.m4s`);
  }
  return `${[...lines, ...parts(firstMsn + segments, openParts)].join('\n')}\n`;
}

function parts(msn: number, count: number): string[] {
  const startsAt = new Date(Date.UTC(2026, 0, 1) + msn * 2000).toISOString();
  const lines = [`#EXT-X-PROGRAM-DATE-TIME:${startsAt}`];
  for (let part = 0; part < count; part++) {
    const independent = part === 0 ? ',INDEPENDENT=YES' : '';
    lines.push(`#EXT-X-PART:DURATION=0.50000,URI="s${msn}.${part}.m4s"${independent}`);
  }
  return lines;
}
