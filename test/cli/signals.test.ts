import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../support/until.ts';

const root = resolve(import.meta.dirname, '../..');

/** `serve` with a server whose draining never ends. */
const script = `
  import { serve } from './src/cli/serve.ts';
  import { buildConfig } from './src/config/load.ts';
  const load = async () => buildConfig({ env: {}, cwd: '/', flagValues: { 'log.format': 'json' } }, undefined);
  setInterval(() => {}, 1000);
  await serve({ load, startApp: async () => ({ stop: () => new Promise(() => {}) }) });
`;

test('a reload that is asked for while the server starts does not end it', async () => {
  const slow = script.replace('async () => ({', 'async () => new Promise(() => {}) ?? ({');
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', slow], { cwd: root });
  onTestFinished(() => void child.kill('SIGKILL'));
  let log = '';
  child.stderr.on('data', (data) => {
    log += data;
  });
  await until('the server starts', () => log.includes('"msg":"starting"'));
  child.kill('SIGHUP');
  child.kill('SIGTERM');
  await until('it goes on', () => log.includes('a second signal exits at once'));
  expect(child.signalCode).toBeNull();
});

test('a second signal ends a server at once that does not finish draining', async () => {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], { cwd: root });
  onTestFinished(() => void child.kill('SIGKILL'));
  let log = '';
  child.stderr.on('data', (data) => {
    log += data;
  });
  await until('the server starts', () => log.includes('"msg":"starting"'));
  child.kill('SIGTERM');
  await until('it drains', () => log.includes('a second signal exits at once'));
  expect(child.exitCode).toBeNull();
  const exited = once(child, 'exit');
  child.kill('SIGINT');
  expect(await exited).toEqual([1, null]);
});
