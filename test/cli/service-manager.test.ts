import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { publishSample } from '../support/publishers/sample.ts';
import { startManaged } from '../support/service-manager/stand-in.ts';
import { until } from '../support/until.ts';

test('the service manager hears when the server is ready, how it does, that it reloads and that it stops', async () => {
  const { child, heard, hears, pids } = startManaged({ watchdogMs: 1500 });
  await hears('READY=1');
  const [pid = 0] = pids();
  await hears('STATUS=0 broadcasts, 0 viewers');
  await hears('WATCHDOG=1', 3);
  process.kill(pid, 'SIGHUP');
  await hears('RELOADING=1');
  await hears('READY=1', 2);
  await child.stop('SIGTERM', 10_000);
  const texts = heard().map(({ text }) => text);
  expect(texts[0]).toBe('READY=1');
  const reloading = texts.find((text) => text.startsWith('RELOADING=1')) ?? '';
  const usec = Number(/^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(reloading)?.[1]);
  expect(Math.abs(usec / 1e6 - Number(process.hrtime.bigint()) / 1e9)).toBeLessThan(60);
  expect(texts.at(-1)).toBe('STOPPING=1\nSTATUS=draining');
  // Said by the process itself, and not by children that the service manager would have to know.
  expect(new Set(heard().map((one) => one.pid))).toEqual(new Set([pid]));
});

test('a service manager with an abstract socket hears how many broadcasts there are', async () => {
  const { hears, child } = startManaged({ isAbstract: true });
  await hears('READY=1');
  const rtmpUrl = /"rtmp_url":"([^"]+)"/.exec(child.stderr)?.[1] ?? '';
  const { stop } = await publishSample(rtmpUrl, 'show');
  onTestFinished(stop);
  await hears('STATUS=1 broadcast, 0 viewers');
});

test('without a service manager nothing is said and nothing is needed', async () => {
  const { takeHostEnvironment } = await import('../../src/host/environment.ts');
  expect(takeHostEnvironment({}, 1)).toEqual({
    notifySocket: undefined,
    isIndirect: false,
    watchdogMs: undefined,
    socketNames: [],
  });
});

/** Asks for /healthz on a connection of its own; resolves with the status line, rejects when the connection is refused or reset. */
async function ask(port: number): Promise<string> {
  return await new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () =>
      socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
    );
    socket.on('data', (data) => {
      answer += data;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer.split('\r\n', 1)[0] ?? ''));
  });
}

test.each([
  { sockets: ['http', 'rtmp'], threads: 1, what: 'one socket for one thread' },
  { sockets: ['http', 'rtmp'], threads: 3, what: 'fewer sockets than threads' },
  { sockets: ['http', 'http', 'http', 'rtmp'], threads: 2, what: 'more sockets than threads' },
])('a restart refuses no connection: $what', async ({ sockets, threads }) => {
  const env = { STREAMCTL_HTTP_THREADS: String(threads) };
  const { hears, pids, ports, child } = startManaged({ sockets, env });
  await hears('READY=1');
  const [http = 0] = await ports();
  const rtmp = (await ports()).at(-1) ?? 0;
  const { stop } = await publishSample(`rtmp://127.0.0.1:${rtmp}/live`, 'show');
  onTestFinished(stop);
  const connected = () => child.stderr.split('publisher connected').length - 1;
  await until('the publisher is there', () => connected() === 1);
  const before = await Promise.all(Array.from({ length: 30 }, () => ask(http)));
  process.kill(pids()[0]!, 'SIGTERM');
  const answers: string[] = [];
  // One after another, through the end of the one process and the beginning of the next.
  while (pids().length < 2 || answers.length < 20) answers.push(await ask(http));
  answers.push(...(await Promise.all(Array.from({ length: 30 }, () => ask(http)))));
  expect(new Set([...before, ...answers])).toEqual(new Set(['HTTP/1.1 200 OK']));
  await hears('READY=1', 2);
  await until('the publisher is back', () => connected() === 2);
});
