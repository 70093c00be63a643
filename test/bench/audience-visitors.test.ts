import { expect, test } from 'vitest';
import { addressNetwork } from '../../src/base/address-network.ts';
import { type Door, visitorOf } from './audience-visitors.ts';

const doors: readonly Door[] = ['direct', 'proxied'];

function identityOf(number: number, door: Door): string {
  const { kind, sessionId, headers, userAgent } = visitorOf(number, door, 'many');
  const address = /^X-Forwarded-For: (.*)\r$/m.exec(headers)?.[1] ?? '::1';
  return kind === 'anonymous' ? `${addressNetwork(address)} ${userAgent}` : sessionId;
}

test('nobody of 15,000 at each door has the identity of another, as far as the server may know it', () => {
  const identities = doors.flatMap((door) => Array.from({ length: 15_000 }, (_, number) => identityOf(number, door)));
  expect(new Set(identities).size).toBe(identities.length);
});

test('a session id goes where the kind of viewer has it', () => {
  for (const door of doors) {
    for (let number = 0; number < 10; number++) {
      const { kind, headers, query, sessionId } = visitorOf(number, door, 'many');
      expect(headers.includes(sessionId)).toBe(kind === 'header' || kind === 'reporting');
      expect(decodeURIComponent(query).includes(sessionId)).toBe(kind === 'query');
    }
  }
});

test('as one they have one session id', () => {
  const all = doors.flatMap((door) => Array.from({ length: 30 }, (_, number) => visitorOf(number, door, 'one')));
  expect(new Set(all.map(({ sessionId }) => sessionId)).size).toBe(1);
  expect(all.every(({ headers }) => headers.includes('CMCD-Session: '))).toBe(true);
});
