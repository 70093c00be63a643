import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../../support/until.ts';
import { type Fault, settled } from '../fault.ts';

/** How long it stays away when that is known. */
const awayMs = 5000;
const patienceMs = 60_000;

/**
 * The publisher's network swallows everything and says nothing: the server notices within ten seconds, the broadcast goes on
 * interrupted, with gaps that release whoever waits, and behind one discontinuity when the publisher is back.
 */
export const vanishedPublisher: Fault = {
  name: 'publisher vanished',
  channel: 'hangs',
  happen: async ({ api }, hit) => {
    const { publisher, source, channel } = hit;
    const { id } = await api.showStream(channel);
    const { gaps, discontinuities } = source;
    const silentAtMs = performance.now();
    const silentWallMs = Date.now();
    publisher.uplink.fallSilent();
    const interrupted = await until(
      'the server notices',
      async () => {
        const view = await api.showStream(channel);
        return view.interrupted_since !== null && view;
      },
      patienceMs,
    );
    // By its own word, which does not depend on how often it is asked.
    const noticedMs = Date.parse(interrupted.interrupted_since ?? '') - silentWallMs;
    await delay(awayMs);
    const gapsAway = source.gaps - gaps;
    const longestWaitMs = Math.max(
      ...source.answers.filter(({ askedMs }) => askedMs >= silentAtMs - 1000).map(({ tookMs }) => tookMs),
    );
    publisher.uplink.heal();
    const resumedMs = await hit.untilResumed();
    await settled();
    const view = await api.showStream(channel);
    return [
      { name: 'noticed after, ms', value: Math.round(noticedMs), most: 10_000 },
      { name: 'ACTIVE while interrupted', value: Number(interrupted.state === 'ACTIVE'), least: 1 },
      { name: 'gaps while away', value: gapsAway, least: 1 },
      { name: 'longest wait of a blocking request, ms', value: Math.round(longestWaitMs), most: 6000 },
      { name: 'new media after the return, ms', value: resumedMs, most: 10_000 },
      { name: 'discontinuities', value: source.discontinuities - discontinuities, least: 1, most: 1 },
      { name: 'the same stream', value: Number(view.id === id && view.state === 'ACTIVE'), least: 1 },
    ];
  },
};
