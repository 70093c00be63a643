import { describe, expect, test } from 'vitest';
import { numberedUrl, parsePublishUrl, redactedUrl, tcUrlOf } from '../../src/publisher/publish-url.ts';

describe('a publish URL', () => {
  const rows: [string, object][] = [
    ['rtmp://localhost/live/key', { isTls: false, host: 'localhost', port: 1935, app: 'live', streamName: 'key' }],
    [
      'rtmps://a.example/app/inst/key',
      { isTls: true, host: 'a.example', port: 443, app: 'app/inst', streamName: 'key' },
    ],
    ['rtmp://[::1]:19350/live/key', { isTls: false, host: '::1', port: 19350, app: 'live', streamName: 'key' }],
    ['RTMP://h/live/k?tok=a%20b/c', { isTls: false, host: 'h', port: 1935, app: 'live', streamName: 'k?tok=a%20b/c' }],
  ];
  for (const [text, parts] of rows) {
    test(`${text} is taken apart without touching the name`, () => expect(parsePublishUrl(text)).toEqual(parts));
  }

  test('is shown without the key', () => {
    const url = parsePublishUrl('rtmp://[::1]:19350/live/secret?tok=1');
    expect(redactedUrl(url)).toBe('rtmp://[::1]:19350/live/***');
    expect(tcUrlOf(url)).toBe('rtmp://[::1]:19350/live');
  });

  test('gets its number before the query', () => {
    expect(numberedUrl(parsePublishUrl('rtmp://h/live/bench?x=1'), 7).streamName).toBe('bench-7?x=1');
  });

  const wrong = [
    'http://h/live/secret',
    'rtmp://h/secret',
    'rtmp://h/live/',
    'rtmp://h:70000/live/secret',
    'rtmp://u:secret@h/live/k',
    'secret',
  ];
  for (const text of wrong) {
    test(`${text} is refused without repeating it`, () => {
      expect(() => parsePublishUrl(text)).toThrow(expect.objectContaining({ code: 'PUBLISH_URL_INVALID' }));
      expect(() => parsePublishUrl(text)).not.toThrow(/secret/);
    });
  }
});
