import { expect, onTestFinished, test } from 'vitest';
import { publishSample } from '../support/publishers/sample.ts';
import { TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const reloads = 50;

test('fifty reloads in a row refuse no request and lose no publisher', async () => {
  const server = await TestServer.start({ env: { STREAMCTL_METRICS_PUBLIC: 'true' } });
  onTestFinished(() => server.dispose());
  const { publisher, stop } = await publishSample(server.rtmpUrl, 'show');
  onTestFinished(stop);
  await server.isOnAir('show');
  const playlistUrl = server.playback('show').hls.replace('index.m3u8', 'source/index.m3u8');
  const answers = new Map<string, number>();
  let isOver = false;
  const ask = async (): Promise<void> => {
    while (!isOver) {
      const answer = await fetch(playlistUrl).then(
        async (response) => (await response.bytes()).length > 0 && String(response.status),
        (error: Error) => error.message,
      );
      answers.set(String(answer), (answers.get(String(answer)) ?? 0) + 1);
    }
  };
  const asking = [ask(), ask(), ask()];
  const generation = async () => {
    const text = await (await fetch(`${server.httpUrl}/metrics`)).text();
    return Number(/^streamctl_config_generation (\d+)$/m.exec(text)?.[1]);
  };
  for (let count = 1; count <= reloads; count++) {
    process.kill(server.processId, 'SIGHUP');
    await until('it is read', async () => (await generation()) === count + 1);
  }
  isOver = true;
  await Promise.all(asking);
  expect([...answers.keys()]).toEqual(['200']);
  expect(answers.get('200')).toBeGreaterThan(reloads);
  expect(publisher.stats()).toMatchObject({ isLive: true, reconnects: 0 });
});
