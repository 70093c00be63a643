import { expect, test } from 'vitest';
import { formatKeyText, newKeyText } from '../../src/access/key-text.ts';
import { StreamctlError } from '../../src/base/errors.ts';
import { createLog } from '../../src/observability/log.ts';

function logTo(format: 'auto' | 'json' | 'pretty', isTerminal = false) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { log: createLog({ level: 'info', format, isTerminal, useColor: false, destination }), lines };
}

test.each(['json', 'pretty'] as const)('a key is in no %s line, whatever field it stands in', (format) => {
  const { log, lines } = logTo(format);
  const text = newKeyText();
  const key = formatKeyText(text);
  log.info({ url: `rtmp://h/live/${key}?x`, deep: { list: [key] }, [key]: 1 }, `publish ${key}`);
  log.error({ err: new Error(`no such stream: ${key}`, { cause: new Error(key) }) }, 'failed');
  log.child({ key }).warn('child');
  const all = lines.join('');
  expect(lines.length).toBeGreaterThan(2);
  expect(all).not.toContain(text.secret);
  expect(all).toContain(`sk_${text.id}_[redacted]`);
});

test('lines are JSON with a level name and an ISO time, or pretty on a terminal', () => {
  const json = logTo('auto');
  json.log.info({ stream: 'st_x' }, 'publisher connected');
  expect(JSON.parse(json.lines[0] ?? '')).toMatchObject({ level: 'info', msg: 'publisher connected', stream: 'st_x' });
  expect(JSON.parse(json.lines[0] ?? '').time).toMatch(/^\d{4}-\d\d-\d\dT/);
  const pretty = logTo('auto', true);
  pretty.log.info({ stream: 'st_x' }, 'publisher connected');
  expect(pretty.lines.join('')).toMatch(/INFO.*publisher connected/);
});

test('a known error is logged with code and remedy', () => {
  const { log, lines } = logTo('json');
  log.error({ err: new StreamctlError('STREAM_UNKNOWN', { stream: 'x' }) }, 'stop failed');
  expect(JSON.parse(lines[0] ?? '').err).toMatchObject({ code: 'STREAM_UNKNOWN', remedy: expect.any(String) });
});
