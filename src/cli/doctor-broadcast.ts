import { setTimeout as delay } from 'node:timers/promises';
import { StreamctlError } from '../base/errors.ts';
import type { ApiClient } from '../client/api-client.ts';
import type { StreamView } from '../contract/streams.ts';
import { findingsText, verdictText } from './doctor-text.ts';
import { StepLine } from './step-line.ts';
import { streamState } from './stream-text.ts';
import { bitrate, bold } from './table.ts';

/** By then all that needs a beginning to compare with can be told. */
const settledSeconds = 12;

/**
 * What is found of a live broadcast. One that has just begun is watched for some seconds first; progress goes to stderr.
 * Throws STREAM_UNKNOWN or DOCTOR_NOT_LIVE.
 */
export async function diagnoseBroadcast(client: ApiClient, name: string, signal: AbortSignal): Promise<StreamView> {
  const steps = new StepLine(process.stderr);
  try {
    for (;;) {
      const stream = await liveStream(client, name);
      const waitSeconds = settledSeconds - onlineSeconds(stream);
      if (waitSeconds <= 0) return stream;
      steps.show(`Watching ${stream.channel} for another ${Math.ceil(waitSeconds)} s`);
      await delay(Math.min(1000, waitSeconds * 1000), undefined, { signal });
    }
  } finally {
    steps.clear();
  }
}

async function liveStream(client: ApiClient, name: string): Promise<StreamView> {
  const stream = await client.showStream(name);
  if (stream.ingest === null) {
    throw new StreamctlError('DOCTOR_NOT_LIVE', { stream: stream.channel, state: streamState(stream) });
  }
  return stream;
}

function onlineSeconds({ ingest }: StreamView): number {
  return ingest === null ? 0 : (Date.now() - Date.parse(ingest.connected_at)) / 1000;
}

export function broadcastText(stream: StreamView): string {
  const { channel, ingest, viewers, findings } = stream;
  const facts = [
    streamState(stream),
    ingest && bitrate(ingest.bitrate_bps),
    ingest?.encoder && `from ${ingest.encoder}`,
    `${viewers} viewers`,
  ].filter(Boolean);
  return [
    `${bold(channel.toUpperCase())}  ${facts.join(', ')}`,
    '',
    findings.length === 0 ? 'Nothing can be told yet.' : findingsText(findings),
    '',
    verdictText(findings, 'Viewers get what this broadcast can give.'),
  ].join('\n');
}
