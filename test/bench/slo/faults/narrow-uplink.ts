import { setTimeout as delay } from 'node:timers/promises';
import { distributionOf } from '../../percentiles.ts';
import { type Fault, settled } from '../fault.ts';

const share = 0.3;
const narrowMs = 12_000;
const lookEveryMs = 1000;

/**
 * The publisher's uplink carries 30 % of what it sends, in bursts, so its encoder leaves pictures out: what does get through is
 * listed in time, and the broadcaster is told.
 */
export const narrowUplink: Fault = {
  name: 'uplink at 30 %',
  channel: 'narrow',
  happen: async ({ api }, { publisher, source, channel }) => {
    const { losses, framesDropped } = publisher;
    const fromMs = performance.now();
    publisher.uplink.narrow(share * publisher.bytesPerSecond);
    let warnings = 0;
    while (performance.now() - fromMs < narrowMs) {
      await delay(lookEveryMs);
      warnings = Math.max(warnings, (await api.showStream(channel)).warnings.length);
    }
    publisher.uplink.narrow(Number.POSITIVE_INFINITY);
    await settled();
    const ages = [...source.frames.values()].flatMap(({ stamp, atMs }) => {
      const sentMs = publisher.sentAtMs[stamp ?? -1] ?? 0;
      return sentMs >= fromMs ? [atMs - sentMs] : [];
    });
    const { p95 = Number.NaN, max = Number.NaN } = distributionOf(ages) ?? {};
    return [
      { name: 'pictures left out by the encoder', value: publisher.framesDropped - framesDropped, least: 1 },
      { name: 'age of a picture when it was here, p95 ms', value: Math.round(p95), most: 5000 },
      { name: 'age of a picture when it was here, most ms', value: Math.round(max) },
      { name: 'warnings told', value: warnings, least: 1 },
      { name: 'connections lost', value: publisher.losses - losses, most: 0 },
    ];
  },
};
