import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { expect, test } from 'vitest';
import { drawCurves, ticksTo } from './cost-curve.ts';

test('ticks are round numbers that hold the largest value, and few', () => {
  expect(ticksTo(10_000)).toEqual([0, 2000, 4000, 6000, 8000, 10_000]);
  expect(ticksTo(100)).toEqual([0, 20, 40, 60, 80, 100]);
  expect(ticksTo(53.2)).toEqual([0, 10, 20, 30, 40, 50, 60]);
  expect(ticksTo(1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(ticksTo(0.3)).toEqual([0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]);
  for (let most = 0.5; most < 1e6; most *= 1.37) {
    const ticks = ticksTo(most);
    expect(ticks.at(-1)).toBeGreaterThanOrEqual(most);
    expect(ticks.length).toBeLessThanOrEqual(7);
  }
});

test('every measurement is a dot inside of its panel, and higher where it cost more', () => {
  const points = [
    { x: 1000, y: 5 },
    { x: 10_000, y: 53 },
  ];
  const panel = { title: 'a < b', xLabel: 'x', yLabel: 'y', series: [{ name: 'server', color: '#c00', points }] };
  const svg = drawCurves([panel, panel], 'a & b');
  expect(XMLValidator.validate(svg)).toBe(true);
  const circles = (
    new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '', parseAttributeValue: true }).parse(svg) as {
      svg: { circle: { cx: number; cy: number }[] };
    }
  ).svg.circle;
  const [first, last, , firstOfSecond] = circles;
  expect(circles).toHaveLength(6); // two measurements and one key, twice
  expect(last!.cx).toBe(442);
  expect(last!.cy).toBeLessThan(first!.cy);
  expect(firstOfSecond!.cx).toBe(first!.cx + 460);
});
