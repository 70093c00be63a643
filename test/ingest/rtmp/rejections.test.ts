import { expect, test } from 'vitest';
import { Rejections } from '../../../src/ingest/rtmp/rejections.ts';
import { ManualClock } from '../../support/manual-clock.ts';

function wrongKeys(rejections: Rejections, address: string, count: number): void {
  for (let index = 0; index < count; index++) rejections.delayMs(address);
}

test('an encoder that goes on trying an old key once a second is never turned away', () => {
  const clock = new ManualClock();
  const rejections = new Rejections(clock);
  for (let second = 0; second < 3600; second++) {
    wrongKeys(rejections, '192.0.2.1', 1);
    expect(rejections.isFlooding('192.0.2.1')).toBe(false);
    clock.advance(1000);
  }
});

test('an address with a hundred wrong keys is not heard, its neighbours are, and five a second are forgiven', () => {
  const clock = new ManualClock();
  const rejections = new Rejections(clock);
  wrongKeys(rejections, '192.0.2.1', 99);
  expect(rejections.isFlooding('192.0.2.1')).toBe(false);
  wrongKeys(rejections, '192.0.2.1', 1);
  expect(rejections.isFlooding('192.0.2.1')).toBe(true);
  expect(rejections.isFlooding('192.0.2.2')).toBe(false);
  clock.advance(200);
  expect(rejections.isFlooding('192.0.2.1')).toBe(false);
  wrongKeys(rejections, '192.0.2.1', 1);
  expect(rejections.isFlooding('192.0.2.1')).toBe(true);
  clock.advance(20_000);
  wrongKeys(rejections, '192.0.2.1', 99);
  expect(rejections.isFlooding('192.0.2.1')).toBe(false);
});

test('whoever has an IPv6 network counts as one', () => {
  const rejections = new Rejections(new ManualClock());
  for (let index = 0; index < 100; index++) rejections.delayMs(`2001:db8::${index.toString(16)}`);
  expect(rejections.isFlooding('2001:db8::ffff')).toBe(true);
  expect(rejections.isFlooding('2001:db8:0:1::1')).toBe(false);
});
