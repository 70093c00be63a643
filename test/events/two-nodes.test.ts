import { afterAll, beforeAll, expect, test } from 'vitest';
import { failure, ScriptedReceiver } from '../support/event-receiver.ts';
import { startEventsNode } from '../support/events-node.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.dispose());

/** A node of those that share a database, with two receivers that it has in common with the others. */
async function nodeOn(url: string, holder: string) {
  const receivers = [new ScriptedReceiver({ id: 'one', batchSize: 10 }), new ScriptedReceiver({ id: 'two' })] as const;
  return { ...(await startEventsNode(url, holder, receivers)), receivers };
}

test('of two nodes that both write, each event reaches each receiver once, in order', async () => {
  const url = await postgres.newDatabase();
  const a = await nodeOn(url, 'a');
  const b = await nodeOn(url, 'b');
  const written = await Promise.all([a.write(150), b.write(150), a.write(150), b.write(150)]);
  const ids = written.flat().toSorted((x, y) => x - y);
  for (const which of [0, 1] as const) {
    const offered = () => [...a.receivers[which].offered, ...b.receivers[which].offered];
    await until('all are there', () => offered().length >= ids.length);
    expect(offered()).toEqual(ids);
  }
});

test('what one node could not deliver the other delivers when the first has ended', async () => {
  const url = await postgres.newDatabase();
  const a = await nodeOn(url, 'a');
  const b = await nodeOn(url, 'b');
  for (const receiver of a.receivers) receiver.answer = () => failure('no way from here');
  const ids = [...(await b.write(20)), ...(await a.write(20))];
  await until('the first has tried', () => a.receivers.every(({ offered }) => offered.length > 0));
  expect(b.receivers.flatMap(({ offered }) => offered)).toEqual([]);
  await a.outgoing.stop();
  await until('the other has delivered', () =>
    b.receivers.every(({ acknowledged }) => acknowledged.length === ids.length),
  );
  for (const { offered } of b.receivers) expect(offered).toEqual(ids);
});
