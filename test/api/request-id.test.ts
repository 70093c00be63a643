import { expect, test } from 'vitest';
import { apiUnderTest } from '../support/api.ts';

test('a request has the id that its caller gives it, in the answer and in the problem', async () => {
  const { api } = await apiUnderTest();
  const given = '0198f2c4-7b1e-7c3a-9f10-6a2d5c8e4b77';
  const response = await api.request('/nowhere', { headers: { 'x-request-id': given } });
  expect(response.headers.get('x-request-id')).toBe(given);
  expect(await response.json()).toMatchObject({ code: 'API_NOT_FOUND', request_id: given });
});

test('without one, or with one that is too long or may be a key, it gets one of ours', async () => {
  const { api } = await apiUnderTest();
  const said = ['', 'x'.repeat(65), `sk_abcdefghij_${'k'.repeat(32)}`, 'a b'];
  const ids = await Promise.all(
    said.map(async (id) => {
      const response = await api.request('/streams', { headers: id === '' ? {} : { 'x-request-id': id } });
      expect(response.status).toBe(200);
      return response.headers.get('x-request-id') ?? '';
    }),
  );
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{16}$/);
  expect(new Set(ids).size).toBe(ids.length);
});

test('a failure that nobody expected is found in the log by the id of its problem', async () => {
  const { api, store, errors } = await apiUnderTest();
  store.streams.list = () => Promise.reject(new Error('disk on fire'));
  const response = await api.request('/streams');
  const { code, request_id: requestId } = (await response.json()) as { code: string; request_id: string };
  expect(code).toBe('API_INTERNAL');
  expect(errors).toEqual([[expect.objectContaining({ request_id: requestId, path: '/streams' }), expect.any(String)]]);
});
