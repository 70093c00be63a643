import { expect, test } from 'vitest';
import { RungRequests } from '../../src/delivery/rung-requests.ts';
import type { StreamWindow } from '../../src/stream/window.ts';
import { ManualClock } from '../support/manual-clock.ts';

const planned = [{ name: '480p', isOnDemand: true }, { name: '360p' }];
const window = { stream: { streamId: 'st_a' }, planned, isEnded: false } as unknown as StreamWindow;

test('whoever makes a rung on demand hears once a second that it is asked for, and nothing of the others', () => {
  const clock = new ManualClock();
  const wanted: string[] = [];
  const requests = new RungRequests(clock, (streamId, rendition) => wanted.push(`${streamId} ${rendition}`));
  for (let tenth = 0; tenth < 20; tenth++) {
    for (const name of ['480p', '360p', 'source', 'audio', 'nothing']) requests.asked(window, name);
    clock.advance(100);
  }
  expect(wanted).toEqual(['st_a 480p', 'st_a 480p']);
  requests.asked({ ...window, isEnded: true } as StreamWindow, '480p');
  expect(wanted).toHaveLength(2);
});
