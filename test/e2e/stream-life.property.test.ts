import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { startPostgres } from '../support/postgres.ts';
import { LifeStage, lives } from '../support/stream-life/live-through.ts';

/* For longer, and with other random things each time: npm run soak -- stream-life */

const channels = 12;
const moves = 4;

async function newPostgres(): Promise<string> {
  const postgres = await startPostgres();
  onTestFinished(() => postgres.dispose());
  return await postgres.newDatabase();
}

/** The seed: of random things that both stop the server and kill it. */
async function liveOver(storeUrl: string | undefined, seed: number): Promise<void> {
  const stage = await LifeStage.open(storeUrl);
  onTestFinished(() => stage.close());
  const property = fc.asyncProperty(lives(channels, moves), (phases) => stage.liveThrough(phases));
  await fc.assert(property, { numRuns: 1, seed, endOnFailure: true });
  expect(stage.steps).toBeGreaterThan(80);
  expect(stage.restarts).toEqual(expect.arrayContaining(['stop', 'crash']));
}

test('over SQLite, whatever publishers and operators do and however often it restarts, streams take only steps of the table', async () => {
  await liveOver(undefined, 16);
});

test('over Postgres likewise', async () => {
  await liveOver(await newPostgres(), 25);
});
