import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestServer } from '../support/server.ts';
import { startStreamctl, streamctl, streamctlJson } from '../support/streamctl.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const sample = join(import.meta.dirname, '../../packaging/sample/sample.flv');
let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ openPublish: false });
});
afterAll(() => server.dispose());

async function newKey(channel: string): Promise<string> {
  const { stdout } = await server.command('keys', 'create', channel, '--json');
  return (JSON.parse(stdout) as { key: string }).key;
}

test('what is published can be watched, and the end is told in figures', async () => {
  const key = await newKey('publish-one');
  const publishing = streamctlJson(tempDir(), [
    'publish',
    sample,
    `${server.rtmpUrl}/${key}`,
    '--loop',
    '--seconds',
    '5',
  ]);
  await server.isOnAir('publish-one');
  expect(await publishing).toMatchObject({
    url: `${server.rtmpUrl}/***`,
    publishers: 1,
    lost: 0,
    seconds: 5,
    video_frames: 150,
  });
});

test('a wrong key is refused with exit code 4, in the words of the server, and is not repeated', async () => {
  const wrong = 'sk_aaaaaaaaaa_bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb';
  const { code, stdout, stderr } = await streamctl(tempDir(), ['publish', sample, `${server.rtmpUrl}/${wrong}`]);
  expect(code).toBe(4);
  expect(stderr).toContain('The server refused the broadcast: ');
  expect(stderr).toContain('The stream key is not known.');
  expect(stdout + stderr).not.toContain('bbbb');
});

test('Ctrl-C ends a loop with a goodbye, a summary and exit code 0', async () => {
  const key = await newKey('publish-end');
  const publisher = startStreamctl(tempDir(), ['publish', sample, `${server.rtmpUrl}/${key}`, '--loop']);
  await server.isOnAir('publish-end');
  const { code, stdout, stderr } = await publisher.stop('SIGINT');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Sent \d+\.\d s, \d+ frames, \d+\.\d MB to rtmp:\/\/.*\/live\/\*\*\*\.\n$/);
  expect(stdout + stderr).not.toContain(key);
  const ended = await until('the stream has ended', async () => {
    const { stdout: list } = await server.command('streams', 'list', '--json');
    const { items } = JSON.parse(list) as { items: { channel: string; state: string }[] };
    return items.find(({ channel, state }) => channel === 'publish-end' && state !== 'ACTIVE');
  });
  expect(ended.state).toBe('ENDED_GRACEFULLY');
});

test('several publishers that are all refused end with the reason', async () => {
  const { code, stderr } = await streamctl(tempDir(), ['publish', sample, `${server.rtmpUrl}/nobody`, '--count', '3']);
  expect(code).toBe(4);
  expect(stderr).toContain('refused');
});
