import { describe, expect, test } from 'vitest';
import { asAscii, cut, fitTo, paint, printable, segment, wrap } from '../../src/tui/line.ts';

describe('text of others', () => {
  test('cannot move the cursor or change colours', () => {
    expect(printable('OBS\x1b[2J\x9b31m\r\n\tStudio\x07')).toBe('OBS [2J 31m Studio ');
  });

  test('takes one column a character', () => {
    expect(printable('放送 e\u0301 \u{1f600} \u202eabc\u200b')).toBe('?? e ? abc');
  });
});

describe('a line', () => {
  test('is filled up or cut to its column', () => {
    expect(fitTo('stage', 8)).toBe('stage   ');
    expect(fitTo('420', 5, 'right')).toBe('  420');
    expect(fitTo('morning-show', 8)).toBe('morning…');
    expect(fitTo('morning', 7)).toBe('morning');
    expect(fitTo('morning', 0)).toBe('');
  });

  test('is cut over the borders of its segments, and left alone where it fits', () => {
    const line = [segment('abc', 'bold'), segment('defgh', 'dim')];
    const text = (width: number) =>
      cut(line, width)
        .map((part) => part.text)
        .join('');
    expect(text(8)).toBe('abcdefgh');
    expect(text(7)).toBe('abcdef…');
    expect(text(4)).toBe('abc…');
    expect(text(3)).toBe('ab…');
  });

  test('of many words goes on below, indented', () => {
    expect(wrap('! one two three four', 10)).toEqual(['! one two', '  three', '  four']);
    expect(wrap('incomprehensible', 8)).toEqual(['incompr…']);
  });
});

describe('on the terminal', () => {
  const line = [segment('good', 'good'), segment(' ▁█ 3 – 4×')];

  test('tones are the eight colours every terminal has, undone one by one', () => {
    expect(paint(line, { hasColour: true, hasUnicode: true })).toBe('\x1b[32mgood\x1b[39m ▁█ 3 – 4×');
  });

  test('without colours there is not one control code', () => {
    expect(paint([...line, segment('bar', 'bar')], { hasColour: false, hasUnicode: true })).toBe('good ▁█ 3 – 4×bar');
  });

  test('where there is only ASCII, each character becomes one of it', () => {
    expect(paint(line, { hasColour: false, hasUnicode: false })).toBe('good _# 3 - 4x');
    expect(asAscii('↑↓ … · ünï')).toBe('^v ~ | ?n?');
  });
});
