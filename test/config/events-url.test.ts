import { expect, test } from 'vitest';
import { parseEventsUrl } from '../../src/config/events-url.ts';
import { parseConfigFile } from '../../src/config/file.ts';
import { buildConfig } from '../../src/config/load.ts';

const kafka = { kind: 'kafka', topic: 'live', isTls: false, login: undefined };
const redis = {
  kind: 'redis',
  host: 'r',
  port: 6379,
  database: 0,
  isTls: false,
  login: undefined,
  stream: 'streamctl:events',
  maxLength: 100_000,
};

test.each([
  ['store:', { kind: 'store' }],
  ['kafka://a/live', { ...kafka, brokers: [{ host: 'a', port: 9092 }] }],
  [
    'kafka://a:1,b:2,[::1]:3/live?tls=true',
    {
      ...kafka,
      isTls: true,
      brokers: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
        { host: '::1', port: 3 },
      ],
    },
  ],
  [
    'kafka://u:p%40ss@a:1/live?mechanism=scram-sha-512',
    {
      ...kafka,
      brokers: [{ host: 'a', port: 1 }],
      login: { user: 'u', password: 'p@ss', mechanism: 'SCRAM-SHA-512' },
    },
  ],
  ['redis://r', redis],
  [
    'rediss://r:7000/3?stream=news&maxlen=0',
    { ...redis, port: 7000, database: 3, isTls: true, stream: 'news', maxLength: 0 },
  ],
  ['redis://:s%2Fcret@[::1]/', { ...redis, host: '::1', login: { user: '', password: 's/cret' } }],
])('%s is understood', (url, target) => {
  expect(parseEventsUrl(url)).toEqual(target);
});

test.each([
  '',
  'kafka://a',
  'kafka://a/',
  'kafka://a:0/live',
  'kafka://a:70000/live',
  'kafka://a,/live',
  'kafka://a/li ve',
  'kafka://a/live?tls=yes',
  'kafka://a/live?tsl=true',
  'kafka://u:%zz@a/live',
  'kafka://a/live?mechanism=gssapi',
  'redis://',
  'redis://r/x',
  'redis://r/0?maxlen=many',
  'redis://r/0?streams=x',
  'redis://r:99999/0',
  'http://a/live',
])('%s is a mistake', (url) => {
  expect(parseEventsUrl(url)).toBeUndefined();
});

const problemsOf = (text: string): string => {
  try {
    buildConfig({ env: {}, cwd: '/srv' }, parseConfigFile('streamctl.yaml', text));
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

test.each([
  ['webhooks: [{ url: "https://h/" }, { url: "https://h/" }]', 'each URL once'],
  ['webhooks: [{ url: "https://h:22/" }]', 'a URL whose port is 80, 443 or above 1023'],
  ['webhooks: [{ url: "https://h/", events: ["stream started"] }]', 'an event type, such as stream.started'],
  [
    'webhooks: [{ url: "https://h/a", events: [authorize] }, { url: "https://h/b", events: [authorize] }]',
    'only one that authorizes',
  ],
  ['webhooks: [{ url: "ftp://h/" }]', 'a URL that begins with one of'],
  ['events: { url: "kafka://u:hunter2@h" }', 'kafka://[USER:PASSWORD@]HOST:PORT'],
])('%s is refused', (text, wanted) => {
  expect(problemsOf(text)).toContain(wanted);
  expect(problemsOf(text)).not.toContain('hunter2');
});
