import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { takeHostEnvironment } from '../../src/host/environment.ts';
import { HandedSockets } from '../../src/host/handed-sockets.ts';
import { ServiceManager } from '../../src/host/service-manager.ts';
import { ManualClock } from '../support/manual-clock.ts';

function rig({ watchdogMs, isIndirect = false }: { watchdogMs?: number; isIndirect?: boolean } = {}) {
  const clock = new ManualClock();
  const sent: string[] = [];
  const warned: string[] = [];
  const state = { answer: 0 };
  const manager = new ServiceManager({
    notifySocket: '/run/notify',
    watchdogMs,
    isIndirect,
    pid: 77,
    send: (_, text) => {
      if (state.answer === 0) sent.push(text);
      return state.answer;
    },
    clock,
    log: { warn: (_, sentence) => void warned.push(sentence) },
  });
  return { clock, sent, warned, state, manager };
}

test('what is said to another process is not taken for us, and children hear nothing of it', () => {
  const env: NodeJS.ProcessEnv = {
    ...{ NOTIFY_SOCKET: '@a', WATCHDOG_USEC: '20000000', WATCHDOG_PID: '8', SYSTEMD_EXEC_PID: '8' },
    ...{ LISTEN_FDS: '2', LISTEN_PID: '8', LISTEN_FDNAMES: 'http:rtmp', PATH: '/bin' },
  };
  const other = { notifySocket: '@a', isIndirect: true, watchdogMs: undefined, socketNames: [] };
  expect(takeHostEnvironment({ ...env }, 9)).toEqual(other);
  const ours = { notifySocket: '@a', isIndirect: false, watchdogMs: 20_000, socketNames: ['http', 'rtmp'] };
  expect(takeHostEnvironment(env, 8)).toEqual(ours);
  expect(env).toEqual({ PATH: '/bin' });
});

test('a process that was not started by the service manager itself says which one the service is', () => {
  const { manager, sent } = rig({ isIndirect: true });
  manager.ready();
  expect(sent).toEqual(['READY=1\nMAINPID=77']);
});

test('a thread that is silent for a third of the watchdog’s time ends the signs of life, until it speaks again', () => {
  const { manager, clock, sent, warned } = rig({ watchdogMs: 15_000 });
  let silentMs = 900;
  const end = manager.watch(() => ({ status: 'well', silentMs }));
  const signs = () => sent.filter((text) => text.includes('WATCHDOG=1')).length;
  clock.advance(10_000);
  expect(signs()).toBe(3);
  silentMs = 5100;
  clock.advance(20_000);
  expect(signs()).toBe(3);
  expect(warned).toEqual(['a thread does not answer: the watchdog is not fed']);
  silentMs = 100;
  clock.advance(5000);
  expect(signs()).toBe(4);
  end();
  clock.advance(20_000);
  expect(signs()).toBe(4);
});

test('the status is said when it changes, at most every five seconds', () => {
  const { manager, clock, sent } = rig({ watchdogMs: 3000 });
  let viewers = 0;
  manager.watch(() => ({ status: `${viewers++} viewers`, silentMs: 0 }));
  clock.advance(60_000);
  expect(sent.filter((text) => text.includes('STATUS=')).length).toBe(13);
  const { manager: other, clock: otherClock, sent: otherSent } = rig();
  other.watch(() => ({ status: 'the same', silentMs: 0 }));
  otherClock.advance(60_000);
  expect(otherSent).toEqual(['STATUS=the same']);
});

test('a change of state waits for room in the service manager’s queue; one that is not there is told of once', () => {
  const { manager, clock, sent, state, warned } = rig();
  state.answer = constants.errno.EAGAIN;
  manager.reloading();
  manager.ready();
  clock.advance(1000);
  expect(sent).toEqual([]);
  state.answer = 0;
  clock.advance(1000);
  expect(sent).toEqual([expect.stringContaining('RELOADING=1'), 'READY=1']);
  state.answer = constants.errno.ENOENT;
  manager.ready();
  manager.stopping();
  expect(warned).toEqual(['the service manager cannot be told how the server does']);
});

test.each([
  [1, 1],
  [1, 3],
  [2, 3],
  [12, 5],
  [3, 2],
  [4, 4],
])('%i sockets among %i threads: each thread has one, and each socket has a thread', (sockets, threads) => {
  const names = ['rtmp', ...Array<string>(sockets).fill('streamctl-http.socket')];
  const handed = new HandedSockets(names, () => ({ duplicate: (descriptor) => descriptor, sendDatagram: () => 0 }));
  const shares = Array.from({ length: threads }, (_, index) => handed.lend('http', index, threads));
  for (const share of shares) expect(share.length).toBeGreaterThan(0);
  expect(new Set(shares.flat())).toEqual(new Set(Array.from({ length: sockets }, (_, index) => 4 + index)));
  if (sockets >= threads) expect(shares.flat()).toHaveLength(sockets);
  expect(handed.lend('rtmp')).toEqual([3]);
  expect(handed.lend('rtmps')).toEqual([]);
});

test('a socket that nobody would listen on is refused at the start', () => {
  const of = (name: string) => () => new HandedSockets([name], () => expect.unreachable());
  for (const name of ['unknown', 'toString', 'https']) expect(of(name)).toThrow(name);
});
