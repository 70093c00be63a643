import { expect, test } from 'vitest';
import { TimerWheel } from '../../src/load/timer-wheel.ts';

const newWheel = () => new TimerWheel<string>({ tickMs: 5, slotCount: 100, nowMs: 1000 });

function woken(wheel: TimerWheel<string>, nowMs: number): string[] {
  const names: string[] = [];
  wheel.advance(nowMs, (name) => names.push(name));
  return names;
}

test('an entry comes out once, not before its time and at most a tick after it', () => {
  const wheel = newWheel();
  wheel.add('a', 1023);
  expect(woken(wheel, 1022.9)).toEqual([]);
  expect(woken(wheel, 1025)).toEqual(['a']);
  expect(woken(wheel, 1600)).toEqual([]);
});

test('after a pause all that was missed comes out, in the order of time', () => {
  const wheel = newWheel();
  wheel.add('late', 1400);
  wheel.add('early', 1010);
  expect(woken(wheel, 5000)).toEqual(['early', 'late']);
});

test('what is overdue comes out next; what is put back while it comes out waits for the next tick', () => {
  const wheel = newWheel();
  wheel.add('a', 0);
  wheel.advance(1000, (name) => wheel.add(name, 1000));
  expect(woken(wheel, 1000)).toEqual([]);
  expect(woken(wheel, 1005)).toEqual(['a']);
});

test('an entry beyond the reach comes out at its end', () => {
  const wheel = newWheel();
  wheel.add('far', 60_000);
  expect(woken(wheel, 1490)).toEqual([]);
  expect(woken(wheel, 1500)).toEqual(['far']);
});
