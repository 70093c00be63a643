import { type Fault, settled } from '../fault.ts';

/** The publisher's connection is reset, and it is back after two seconds with the same format: one discontinuity in the same playlists. */
export const tornPublisher: Fault = {
  name: 'publisher reset',
  channel: 'returns',
  happen: async ({ api }, hit) => {
    const { publisher, source, channel, failures } = hit;
    const { id } = await api.showStream(channel);
    const { gaps, discontinuities } = source;
    publisher.uplink.tear();
    await publisher.untilConnected(false);
    const resumedMs = await hit.untilResumed();
    await settled();
    const view = await api.showStream(channel);
    return [
      { name: 'new media after the return, ms', value: resumedMs, most: 10_000 },
      { name: 'discontinuities', value: source.discontinuities - discontinuities, least: 1, most: 1 },
      { name: 'gaps', value: source.gaps - gaps },
      { name: 'the same stream', value: Number(view.id === id && view.state === 'ACTIVE'), least: 1 },
      { name: 'followers that had to begin anew', value: failures.length, most: 0 },
    ];
  },
};
