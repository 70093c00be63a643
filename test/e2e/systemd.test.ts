import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { bootSystemd, type RealSystemd } from '../support/service-manager/real-systemd.ts';
import { until } from '../support/until.ts';

/* The units under systemd itself, with everything they forbid. */

const sample = resolve(import.meta.dirname, '../../packaging/sample/sample.flv');
const configuration = `
data_dir: /var/lib/streamctl
control: { socket: /run/streamctl/control.sock }
auth: { open_publish: true }
ladder:
  rungs: [{ name: 240p, height: 240, video_bitrate: 200k }]
`;

let systemd: RealSystemd | undefined;

beforeAll(async () => {
  systemd = await bootSystemd(configuration, 'WatchdogSec=4');
}, 240_000);

afterAll(() => systemd?.end());

beforeEach(({ skip }) => {
  if (systemd === undefined) skip('systemd cannot be booted here');
});

async function systemctl(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await systemd!.run('systemctl', '--no-pager', ...args);
  if (code !== 0) throw new Error(`systemctl ${args.join(' ')}: ${stderr}\n${systemd!.log()}`);
  return stdout.trim();
}

const shown = (property: string) => systemctl('show', `--property=${property}`, '--value', 'streamctl.service');

const over = '/run/over';
/** Asks on one new connection after another, until that file is there, and prints what it got. */
const asker = `
import os, socket, time
answers = {}
while sum(answers.values()) < 50 or not os.path.exists("${over}"):
    try:
        one = socket.create_connection(("127.0.0.1", 8080), timeout=20)
        one.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n")
        answer = one.recv(100)[:12].decode()
        one.close()
    except OSError as error:
        answer = str(error)
    answers[answer] = answers.get(answer, 0) + 1
    time.sleep(0.01)
print(answers)
`;

/** Of a process; undefined when it is gone meanwhile. */
function factsOf(pid: string): { readonly status: string; readonly open: readonly string[] } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return { status, open: readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`)) };
  } catch {
    return undefined;
  }
}

test('confined as the unit says it transcodes, tells systemd how it does, and reloads', async () => {
  await systemctl('start', 'streamctl-http.socket', 'streamctl-rtmp.socket', 'streamctl.service');
  expect(systemd!.log()).toContain('listening on sockets of the service manager');
  // Until the server is started anew.
  void systemd!.run('/opt/streamctl', 'publish', sample, 'rtmp://127.0.0.1/live/show', '--loop', '--seconds', '60');
  await until('a rung is offered', async () => {
    const { stdout } = await systemd!.run('curl', '-s', '--max-time', '5', 'http://127.0.0.1:8080/hls/show/index.m3u8');
    return stdout.includes('/240p/');
  });
  expect(
    await until('the status is told', async () => (await shown('StatusText')).startsWith('1 ') && shown('StatusText')),
  ).toMatch(/^1 broadcast, [01] viewers?$/); // who asked above may count as one
  const pid = (await systemd!.processId())!;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  for (const line of [/^CapBnd:\t0+$/m, /^NoNewPrivs:\t1$/m, /^Seccomp:\t2$/m]) expect(status).toMatch(line);
  // Its children are confined as well, and have none of the sockets.
  const listening = readdirSync(`/proc/${pid}/fd`).filter((fd) => Number(fd) >= 3 && Number(fd) < 16);
  const sockets = new Set(listening.map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`)));
  const children = readdirSync('/proc').filter((name) => {
    try {
      return readFileSync(join('/proc', name, 'stat'), 'utf8').split(' ')[3] === String(pid);
    } catch {
      return false;
    }
  });
  const facts = children.map(factsOf).filter((one) => one !== undefined);
  expect(facts.length).toBeGreaterThan(0);
  for (const child of facts) {
    expect(child.status).toMatch(/^Seccomp:\t2$/m);
    for (const target of child.open) expect(sockets).not.toContain(target);
  }
  await systemctl('reload', 'streamctl.service');
  await until('it has read it', () => systemd!.log().includes('configuration read again'));
  expect(await shown('SubState')).toBe('running');
});

test('systemctl restart refuses nobody, not while the server stops and not while it starts', async () => {
  const asking = systemd!.run('/usr/bin/python3', '-c', asker);
  for (let count = 0; count < 2; count++) await systemctl('restart', 'streamctl.service');
  await systemd!.run('touch', over);
  const { stdout } = await asking;
  expect(stdout).toMatch(/^\{'HTTP\/1\.1 200': \d{2,}\}\n$/);
});

test('a server that hangs is ended by the watchdog and started anew', async () => {
  const restarts = Number(await shown('NRestarts'));
  const pid = (await systemd!.processId())!;
  process.kill(pid, 'SIGSTOP');
  await until('another one runs', async () => {
    const next = await systemd!.processId();
    return next !== undefined && next !== pid && (await shown('SubState')) === 'running';
  });
  expect(Number(await shown('NRestarts'))).toBe(restarts + 1);
});
