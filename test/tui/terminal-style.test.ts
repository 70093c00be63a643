import { describe, expect, test } from 'vitest';
import { clipboardSequence } from '../../src/tui/osc52.ts';
import { canDraw, terminalStyle } from '../../src/tui/terminal-style.ts';

describe('what a terminal gets', () => {
  const utf8 = { LANG: 'en_US.UTF-8', TERM: 'xterm-256color' };

  test.each(['xterm', 'xterm-256color', 'screen', 'tmux-256color'])('colours and bars with TERM=%s', (TERM) => {
    expect(terminalStyle({ ...utf8, TERM }, true)).toEqual({ hasColour: true, hasUnicode: true });
  });

  test('NO_COLOR takes the colours away, unless it is empty', () => {
    expect(terminalStyle({ ...utf8, NO_COLOR: '1' }, true).hasColour).toBe(false);
    expect(terminalStyle({ ...utf8, NO_COLOR: '' }, true).hasColour).toBe(true);
  });

  test('a pipe gets no colours', () => {
    expect(terminalStyle(utf8, false).hasColour).toBe(false);
  });

  test('ASCII where the locale or the Linux console has no more', () => {
    expect(terminalStyle({ ...utf8, LANG: 'C' }, true).hasUnicode).toBe(false);
    expect(terminalStyle({ ...utf8, LC_ALL: 'POSIX' }, true).hasUnicode).toBe(false);
    expect(terminalStyle({ TERM: 'xterm', LC_CTYPE: 'C.utf8' }, true).hasUnicode).toBe(true);
    expect(terminalStyle({ ...utf8, TERM: 'linux' }, true)).toEqual({ hasColour: true, hasUnicode: false });
  });

  test('a screen only where a cursor can move', () => {
    expect([canDraw(utf8, true), canDraw(utf8, false), canDraw({ TERM: 'dumb' }, true), canDraw({}, true)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('the clipboard', () => {
  const link = '\x1b]52;c;aHR0cDovL2E=\x07';

  test('is the terminal’s (OSC 52)', () => {
    expect(clipboardSequence('http://a', {})).toBe(link);
  });

  test('is reached through tmux, and through screen', () => {
    expect(clipboardSequence('http://a', { TMUX: '/tmp/tmux-0/default,1,0' })).toBe(
      `${link}\x1bPtmux;\x1b${link}\x1b\\`,
    );
    expect(clipboardSequence('http://a', { STY: '1.pts' })).toBe(`\x1bP${link}\x1b\\`);
  });
});
