import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { LifeStage, lives } from '../support/stream-life/live-through.ts';

/* For longer: npm run soak -- stream-life */

const channels = 10;
const commands = 7;

test('whatever publishers and operators do, over restarts too, every stream takes only steps of the table, and the store tells so', async () => {
  const stage = await LifeStage.open();
  onTestFinished(() => stage.close());
  const property = fc.asyncProperty(lives(channels, commands), (phases) => stage.liveThrough(phases));
  await fc.assert(property, { numRuns: 2, seed: 20, endOnFailure: true });
  expect(stage.steps).toBeGreaterThan(50);
}, 120_000);
