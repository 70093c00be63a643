import { join } from 'node:path';
import { ApiClient } from '../../../src/client/api-client.ts';
import { unixFetch } from '../../../src/client/unix-fetch.ts';
import { loadClip } from '../../../src/publisher/flv-clip.ts';
import { makeLiveClip } from '../../support/clips.ts';
import { LadderStage } from '../../support/ladder-stage.ts';
import { until } from '../../support/until.ts';
import { PrometheusFigures } from './prometheus-figures.ts';
import { SloPublisher } from './slo-publisher.ts';
import { WatchedBroadcast } from './watched-broadcast.ts';

/** Too small for a rung. */
const smallPicture = { width: 256, height: 144, videoKbps: 300 };
const clipSeconds = 60;
const rungs = ['240p', '144p'];
const smallChannels = ['healthy', 'hangs', 'returns', 'narrow'];
/** On a machine that is busy. */
const patienceMs = 60_000;

/** A server, five broadcasts through networks of their own, one of them with a ladder, and all that looks at them. */
export class SloStage {
  readonly ladder: LadderStage;
  readonly broadcasts: WatchedBroadcast[] = [];

  private constructor(ladder: LadderStage) {
    this.ladder = ladder;
  }

  /** Resolves when all are on air; `progress` hears of each. */
  static async open(progress: (sentence: string) => void): Promise<SloStage> {
    const stage = new SloStage(await LadderStage.open());
    try {
      await stage.begin(progress);
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  get api(): ApiClient {
    return new ApiClient(unixFetch(join(this.ladder.server.dataFolder, 'control.sock')));
  }

  /** As they are told anew, which happens once a second. */
  async metrics(): Promise<PrometheusFigures> {
    const { httpUrl } = this.ladder.server;
    const time = 'publisher_connected_seconds_total';
    const before = (await PrometheusFigures.of(httpUrl)).sum(time);
    return until('figures are told', async () => {
      const figures = await PrometheusFigures.of(httpUrl);
      return figures.sum(time) !== before && figures;
    });
  }

  async close(): Promise<void> {
    for (const { publisher } of this.broadcasts) await publisher.stop();
    await this.ladder.close();
  }

  private async begin(progress: (sentence: string) => void): Promise<void> {
    const { ladder } = this;
    progress('clips are made …');
    const small = await loadClip(await makeLiveClip(ladder.folder, smallPicture, clipSeconds));
    const large = await loadClip(await ladder.clip('laddered', clipSeconds));
    await ladder.start({ STREAMCTL_METRICS_PUBLIC: 'true' });
    const { server } = ladder;
    const rtmpPort = Number(new URL(server.rtmpUrl).port);
    for (const channel of ['laddered', ...smallChannels]) {
      const isLaddered = channel === 'laddered';
      const publisher = await SloPublisher.start(channel, isLaddered ? large : small, rtmpPort);
      this.broadcasts.push(new WatchedBroadcast(server.httpUrl, publisher, isLaddered ? rungs : []));
    }
    for (const { channel, renditions } of this.broadcasts) {
      for (const { url } of renditions) await until(`${url} plays`, () => hasSegments(url), patienceMs);
      progress(`${channel} is on air`);
    }
  }
}

/** As many as a player wants before it starts. */
async function hasSegments(playlistUrl: string): Promise<boolean> {
  const answer = await fetch(playlistUrl);
  const text = await answer.text();
  return answer.ok && (text.match(/#EXTINF/g) ?? []).length >= 3;
}
