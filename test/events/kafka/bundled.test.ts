import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundle } from '../../../packaging/executable/bundle.ts';
import { parseEventsUrl } from '../../../src/config/events-url.ts';
import type { KafkaReceiver } from '../../../src/events/kafka/kafka-receiver.ts';
import { someEnvelope } from '../../support/events.ts';
import { KafkaMock } from '../../support/kafka-mock.ts';
import { tempDir } from '../../support/temp-dir.ts';

test('the client works from one file, as it lies in the executable', async () => {
  const { code } = await bundle('src/events/kafka/kafka-receiver.ts');
  const path = join(tempDir(), 'kafka.cjs');
  writeFileSync(path, code);
  const bundled = createRequire(import.meta.url)(path) as { KafkaReceiver: typeof KafkaReceiver };
  const kafka = await KafkaMock.start();
  const receiver = new bundled.KafkaReceiver(parseEventsUrl(`kafka://${kafka.address}/events`) as never);
  expect(await receiver.deliver([someEnvelope(1)], AbortSignal.timeout(9000))).toEqual({ acknowledged: 1 });
  await receiver.close();
  expect(await kafka.consume('events')).toHaveLength(1);
}, 60_000);
