import { expect, test } from 'vitest';
import { parsePostgresUrl } from '../../src/store/postgres/url.ts';

test('a URL is taken apart, with what is escaped in it', () => {
  expect(parsePostgresUrl('postgres://us%40er:pa%2Fss@db.example:6432/my%20db?options=-c%20search_path%3Da')).toEqual({
    name: 'postgres://db.example:6432/my db',
    host: 'db.example',
    port: 6432,
    user: 'us@er',
    password: 'pa/ss',
    database: 'my db',
    ssl: false,
    options: '-c search_path=a',
  });
});

test.each([
  ['postgresql://localhost/x', { host: 'localhost', port: undefined, user: undefined, password: undefined }],
  ['postgres://[::1]:5433/x', { host: '::1', port: 5433 }],
  ['postgres:///x?host=/run/postgresql', { host: '/run/postgresql', database: 'x' }],
  ['postgres://%2Frun%2Fpostgresql/x', { host: '/run/postgresql', database: 'x' }],
  ['postgres://h/x?sslmode=require', { ssl: { rejectUnauthorized: false } }],
  ['postgres://h/x?sslmode=verify-full', { ssl: { host: 'h' } }],
  ['postgres://h', { database: undefined }],
])('%s', (url, expected) => {
  expect(parsePostgresUrl(url)).toMatchObject(expected);
});

test.each([
  ['postgres://u:secret/x@h/x', 'no URL'],
  ['postgres://u:secret@h/x?sslmode=prefer', 'sslmode is one of'],
  ['postgres://u:secret@h/x?sslmode=verify-ca', 'needs sslrootcert'],
  ['postgres://u:secret@h/x?sslmode=disable&sslrootcert=/etc/hostname', 'no meaning'],
  ['postgres://u:secret@h/x?sslrootcert=/nowhere/ca.crt', 'ENOENT'],
  ['postgres://u:secret@h/x?sslcert=/etc/hostname', 'belong together'],
  ['postgres://u:secret@h/x?pool_size=3', '"pool_size" is not one of'],
  ['postgres://u:secret%zz@h/x', 'not escaped'],
])('%s is a mistake that is named without what is secret', (url, why) => {
  let error: unknown;
  try {
    parsePostgresUrl(url);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: 'STORE_URL_INVALID', message: expect.stringContaining(why) });
  expect(`${error} ${(error as Error).stack}`).not.toContain('secret');
});
