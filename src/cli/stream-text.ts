import type { EventView } from '../contract/events.ts';
import type { StreamView } from '../contract/streams.ts';
import { findingsText } from './doctor-text.ts';
import { ladderText } from './ladder-text.ts';
import { bitrate, bold, localTime, oneLine, renderPairs, renderTable } from './table.ts';

export function streamState(stream: StreamView): string {
  if (stream.state === 'ACTIVE') return stream.interrupted_since === null ? 'live' : 'interrupted';
  if (stream.state === 'PENDING_INGEST') return 'waiting';
  return stream.reason === null ? stream.state.toLowerCase() : `ended (${stream.reason})`;
}

export function streamTableText(streams: readonly StreamView[]): string {
  if (streams.length === 0) return 'No streams yet. Create a key (streamctl keys create NAME) and publish with it.';
  return renderTable(
    ['STREAM', 'CHANNEL', 'STATE', 'STARTED', 'VIEWERS', 'BITRATE'],
    streams.map((stream) => [
      stream.id,
      stream.channel,
      streamState(stream),
      localTime(stream.started_at),
      stream.viewers,
      stream.ingest === null ? null : bitrate(stream.ingest.bitrate_bps),
    ]),
  );
}

export function streamText(stream: StreamView, events: readonly EventView[]): string {
  const sections = [
    renderPairs([
      ['stream', stream.id],
      ['channel', stream.channel],
      ['state', streamState(stream)],
      ['waits for a publisher until', localTime(stream.pending_until)],
      ['interrupted since', localTime(stream.interrupted_since)],
      ['created', localTime(stream.created_at)],
      ['started', localTime(stream.started_at)],
      ['ended', localTime(stream.ended_at)],
      ['viewers', stream.viewers],
      ['encoder', stream.ingest?.encoder],
      ['from', stream.ingest?.remote_address],
      ['arriving', stream.ingest === null ? null : bitrate(stream.ingest.bitrate_bps)],
      ['watch', stream.playback.watch],
      ['HLS', stream.playback.hls],
      ['HLS (MPEG-TS)', stream.playback.hls_ts],
      ['DASH', stream.playback.dash],
    ]),
  ];
  if (stream.renditions.length > 0) {
    const rows = stream.renditions.map(({ name, width, height, fps, bitrate_bps: bps, codecs }) => [
      name,
      width === null ? null : `${width}x${height}`,
      fps,
      bitrate(bps),
      codecs,
    ]);
    sections.push(renderTable(['RENDITION', 'SIZE', 'FPS', 'BITRATE', 'CODECS'], rows));
  }
  if (stream.ladder !== null) sections.push(ladderText(stream.ladder));
  const findings = stream.findings.filter(({ severity }) => severity !== 'ok');
  if (findings.length > 0) sections.push(`${bold('FINDINGS')}\n${findingsText(findings)}`);
  if (events.length > 0) {
    const rows = events.map(({ time, type, payload }) => [localTime(time), type, reasonOf(payload)]);
    sections.push(renderTable(['TIME', 'EVENT', 'REASON'], rows));
  }
  return sections.join('\n\n');
}

/** What of an event says most about it, in one cell. */
function reasonOf(payload: EventView['payload']): string | null {
  const { rung, rungs, reason, why, reaction } = payload;
  const said = [rung, Array.isArray(rungs) ? rungs.join(', ') : undefined, reaction, why ?? reason];
  const text = said.filter((word) => typeof word === 'string' && word !== '').join(': ');
  return text === '' ? null : oneLine(text);
}
