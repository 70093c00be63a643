import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { publishSample } from '../support/publishers/sample.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { Tmux, type TmuxOptions } from '../support/tmux.ts';
import { eventually, until } from '../support/until.ts';

const main = resolve(import.meta.dirname, '../../src/main.ts');
const channels = ['church-hall', 'morning-show', 'stage-b'];
const small = { width: 80, height: 24 };

let server: TestServer;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const publishing: Awaited<ReturnType<typeof publishSample>>[] = [];
const terminals: Tmux[] = [];

beforeAll(async () => {
  folder = await temporaryFolder('top');
  server = await TestServer.start();
  for (const channel of channels) publishing.push(await publishSample(server.rtmpUrl, channel));
  for (const channel of channels) await server.isOnAir(channel);
});

afterEach(async () => {
  for (const terminal of terminals.splice(0)) await terminal.stop();
});

afterAll(async () => {
  await Promise.all(publishing.map((one) => one.stop()));
  await server?.dispose();
  await folder?.remove();
});

/** `streamctl top` on a terminal; what the terminal was like before and after is kept in files. */
async function top(options: TmuxOptions = small, prefix = ''): Promise<Tmux> {
  const program = `${prefix} ${process.execPath} ${main} top --data-dir ${server.dataFolder}`;
  const script = `stty -a > ${folder.path}/before; ${program}; echo "ended with $?"; stty -a > ${folder.path}/after; echo over`;
  const terminal = await Tmux.start(script, options);
  terminals.push(terminal);
  return terminal;
}

const row = (channel: string) => new RegExp(`^${channel} +live +good .*[▁▂▃▄▅▆▇█]{3} +\\d+k +0 +`, 'm');

describe('streamctl top', () => {
  test('shows three streams on 80 × 24, and each of them in depth', async () => {
    const terminal = await top();
    await eventually(async () => {
      const all = await terminal.screen();
      expect(all).toMatch(/^ streamctl \d+\.\d+\.\d+ on \S+, up (\d+m )?\d+s$/m);
      expect(all).toMatch(/^ 3 streams · 0 viewers · \d+(\.\d)?[kM] in · \S+ out · \d\.\d\d cores · \d+ MB memory$/m);
      for (const channel of channels) expect(all).toMatch(row(channel));
      expect(all.split('\n')[23]).toBe('↑↓  Enter in depth  s sort: channel  / filter  x stop  c link  ? help  q quit');
    });
    await terminal.press('j', 'Enter');
    await eventually(async () => {
      const depth = await terminal.screen();
      // A keyframe interval takes two keyframes to be known.
      expect(depth).toMatch(/^timing +keyframe every 2\.0 s · A\/V drift \S+ ms · jitter \d+(\.\d)? m?s$/m);
      expect(depth).toMatch(/^morning-show {2}live for (\d+m )?\d+s, health good, 0 viewers {3}st_/m);
      expect(depth).toMatch(/^source +1280×720 +30 +\S+ +0 passed on$/m);
    });
    await terminal.press('q');
    await terminal.press('/', 's', 't', 'a', 'g', 'Enter');
    await terminal.shows('/ filter: stag');
    await until('only what it lets through is shown', async () => !/^church-hall/m.test(await terminal.screen()));
    await terminal.press('?');
    expect(await terminal.shows('copy the link')).toContain('┌─');
    await terminal.press('q');
    await terminal.press('c');
    await terminal.shows(`Copied: ${server.httpUrl}/watch/stage-b`);
    expect(await terminal.clipboard()).toBe(`${server.httpUrl}/watch/stage-b`);
  });

  test('uses the room of 200 × 50, and takes another size when it gets one', async () => {
    const terminal = await top({ width: 200, height: 50 });
    const wide = await terminal.shows(/^stage-b +live +good +720p30 .*█/m);
    expect(wide).toMatch(/^CHANNEL +STATE +HEALTH +ENCODED BITRATE IN +IN +OUT VIEWERS LATENCY LADDER$/m);
    await terminal.resize(80, 24);
    await terminal.shows(/^CHANNEL +STATE +HEALTH BITRATE +IN VIEWERS LATENCY LADDER$/m);
    await terminal.resize(120, 30);
    await terminal.shows(/^CHANNEL +STATE +HEALTH +ENCODED/m);
  });

  test.each(['xterm', 'xterm-256color', 'screen', 'tmux-256color', 'linux'])(
    'is drawn with TERM=%s, and leaves the terminal as it was',
    async (term) => {
      const terminal = await top(small, `env TERM=${term}`);
      const shown = await terminal.shows(/^stage-b +live +good/m);
      expect(/[▁▂▃▄▅▆▇█↑]/.test(shown)).toBe(term !== 'linux');
      await until('it is green', async () => (await terminal.screen({ codes: true })).includes('\x1b[32m'));
      await terminal.press('q');
      await isRestored(terminal, 0);
    },
  );

  test('has no colours where NO_COLOR is set', async () => {
    const terminal = await top({ ...small, env: { NO_COLOR: '1' } });
    await terminal.shows(/^stage-b +live +good/m);
    // What is selected is told by inverse video, which is no colour.
    const codes = (await terminal.screen({ codes: true })).matchAll(/\[([\d;]*)m/g);
    const colours = [...codes].flatMap(([, code = '']) => code.split(';')).filter((code) => /^[349]\d$/.test(code));
    expect(colours.filter((code) => code !== '39' && code !== '49')).toEqual([]);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('gives the terminal back on %s', async (signal, code) => {
    const terminal = await top();
    await terminal.shows(/^stage-b +live/m);
    process.kill(await terminal.programId(), signal);
    await isRestored(terminal, code);
  });

  test('says that the server is gone, and goes on when it is back', async () => {
    const terminal = await top();
    await terminal.shows(row('stage-b'));
    await server.crash();
    await terminal.shows(/! server gone, trying again in \d s/);
    await server.launch();
    await until('it is back', async () => !(await terminal.screen()).includes('gone'));
    for (const channel of channels) await terminal.shows(new RegExp(`^${channel} +live`, 'm'));
  });

  test('stops a stream after it has asked', async () => {
    const { stop } = await publishSample(server.rtmpUrl, 'to-stop');
    await server.isOnAir('to-stop');
    const { items } = JSON.parse((await server.command('streams', 'list', '--channel', 'to-stop', '--json')).stdout);
    const terminal = await top();
    await terminal.shows(/^to-stop +live/m);
    await terminal.press('G', 'x');
    await terminal.shows('Stop to-stop?');
    await terminal.press('n');
    await terminal.shows('q quit');
    await terminal.press('x');
    await terminal.shows('Stop to-stop?');
    await terminal.press('y');
    await terminal.shows('Stopped to-stop.');
    await stop();
    const stopped = JSON.parse((await server.command('streams', 'show', items[0].id, '--json')).stdout);
    expect(stopped).toMatchObject({ state: 'ENDED_GRACEFULLY', reason: 'operator' });
  });
});

async function isRestored(terminal: Tmux, code: number): Promise<void> {
  const last = await terminal.shows(/^over$/m);
  expect(last).toContain(`ended with ${code}`);
  expect(await terminal.modes()).toBe(
    'alternate_on=0 cursor_flag=1 keypad_cursor_flag=0 keypad_flag=0 mouse_any_flag=0',
  );
  expect(readFileSync(join(folder.path, 'after'), 'utf8')).toBe(readFileSync(join(folder.path, 'before'), 'utf8'));
}

describe('for pipes and programs', () => {
  test('one frame is plain text, with --once or without', async () => {
    for (const args of [['--once'], []]) {
      const { code, stdout, stderr } = await server.command('top', ...args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
      expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
      for (const channel of channels) expect(stdout).toMatch(new RegExp(`^${channel} +live`, 'm'));
    }
  });

  test('--json is a snapshot a line', async () => {
    await eventually(async () => {
      const once = await server.command('top', '--once', '--json');
      expect(once.stdout.split('\n')).toHaveLength(2);
      expect(JSON.parse(once.stdout)).toMatchObject({
        publishers: 3,
        streams: channels.map(() => ({ state: 'ACTIVE' })),
      });
    });
  });

  test('works from elsewhere with a token, and not without', async () => {
    const file = join(server.dataFolder, 'admin.token');
    const remote = ['top', '--once', '--server', server.httpUrl];
    const { stdout, code, stderr } = await server.command(...remote, '--token-file', file);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('morning-show');
    const wrong = await server.command(...remote, '--token', 'pat_aaaaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
    expect(wrong).toMatchObject({ code: 4, stdout: '' });
  });

  test('without a server it says what to do', async () => {
    const nowhere = join(folder.path, 'nowhere.sock');
    const { code, stderr } = await server.command('top', '--control-socket', nowhere);
    expect(code).toBe(5);
    expect(stderr).toContain(`No server answers on ${nowhere}.`);
    expect(stderr).toContain('Start one: streamctl serve');
  });
});
