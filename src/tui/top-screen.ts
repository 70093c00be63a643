import blessed, { type Element, type Key, type Screen } from 'blessed';
import contribTable from 'blessed-contrib/lib/widget/table.js';
import type { TopFrame } from './frame.ts';
import { type Line, paint, type Segment, segment, type TerminalStyle } from './line.ts';
import { terminal, useOwnTerminfo } from './terminfo.ts';

export interface TopScreenOptions {
  readonly style: TerminalStyle;
  /** `key` as in top-keys.ts. */
  readonly onKey: (key: string) => void;
  readonly onResize: () => void;
}

const resizeTimeoutMs = 50;
/** What blessed-contrib's table keeps free for its border, which ours has not, and for the space behind each cell. */
const tableBorder = { columns: 5, rows: 3 };

/** The terminal while it belongs to us: from its making until `close`. All it knows is how to put a frame on it. */
export class TopScreen {
  private readonly style: TerminalStyle;
  private readonly screen: Screen;
  private readonly head: Element;
  private readonly table: ReturnType<typeof contribTable>;
  private readonly lower: Element;
  private readonly foot: Element;
  private readonly help: Element;

  constructor({ style, onKey, onResize }: TopScreenOptions) {
    this.style = style;
    useOwnTerminfo(blessed.Tput.prototype);
    this.screen = blessed.screen({ terminal, forceUnicode: style.hasUnicode, resizeTimeout: resizeTimeoutMs });
    // Lines are drawn in UTF-8 or ASCII: the alternate character set is what terminals agree on least.
    this.screen.tput.brokenACS = true;
    this.head = blessed.box({ top: 0, left: 0, width: '100%', height: 1, wrap: false });
    this.table = contribTable({ columnWidth: [], columnSpacing: 2, fg: 'default', interactive: true });
    Object.assign(this.table, { left: 0 });
    Object.assign(this.table.rows, { top: 1, left: 0 });
    this.table.rows.style.selected = { inverse: true };
    this.lower = blessed.box({ top: 1, left: 0, width: '100%', height: 1, wrap: false });
    this.foot = blessed.box({ bottom: 0, left: 0, width: '100%', height: 1, wrap: false });
    const padding = { left: 1, right: 1 };
    this.help = blessed.box({
      top: 'center',
      left: 'center',
      width: 70,
      height: 14,
      border: 'line',
      padding,
      hidden: true,
    });
    for (const element of [this.head, this.table, this.lower, this.foot, this.help]) this.screen.append(element);
    this.screen.on('keypress', (character, key) => {
      const name = keyName(character, key);
      if (name !== undefined) onKey(name);
    });
    this.screen.on('resize', onResize);
  }

  get size(): { readonly width: number; readonly height: number } {
    const { width, height } = this.screen;
    return { width, height };
  }

  draw({ head, table, lower, foot, help }: TopFrame): void {
    const { width, height } = this.size;
    this.fill(this.head, 0, head);
    if (table === undefined) {
      this.table.hide();
    } else {
      const { heads, rows, widths, selected } = table;
      this.table.show();
      this.table.top = head.length;
      this.table.height = table.height + tableBorder.rows;
      this.table.width = width + tableBorder.columns;
      this.table.options.columnWidth = widths;
      const headers = heads.map((text) => this.cell(segment(text, 'bold')));
      this.table.setData({ headers, data: rows.map((cells) => cells.map((cell) => this.cell(cell))) });
      this.table.rows.select(selected);
    }
    const lowerTop = head.length + (table?.height ?? 0);
    this.fill(this.lower, lowerTop, lower, Math.max(0, height - 1 - lowerTop));
    this.foot.setContent(paint(foot, this.style));
    if (help === undefined) {
      this.help.hide();
    } else {
      this.help.height = help.length + 2;
      this.help.width = Math.min(width, 70);
      this.help.setContent(help.map((text) => paint([segment(text)], this.style)).join('\n'));
      this.help.show();
    }
    this.screen.render();
  }

  /** Gives the terminal back as it was before. */
  close(): void {
    this.screen.destroy();
  }

  private fill(element: Element, top: number, lines: readonly Line[], height = lines.length): void {
    element.top = top;
    element.height = height;
    element.setContent(lines.map((line) => paint(line, this.style)).join('\n'));
  }

  /** The rows of the table take what is in braces for mark-up. */
  private cell({ text, tone }: Segment): string {
    return paint([segment(text.replace(/[{}]/g, ' '), tone)], this.style);
  }
}

/** Undefined for what blessed tells a second time. */
function keyName(character: string | undefined, { full, ctrl, meta }: Key): string | undefined {
  if (full === 'return') return undefined;
  if (full === 'linefeed') return 'enter';
  const isText = character !== undefined && /^[\x21-\x7e]$/.test(character) && !ctrl && !meta;
  return isText ? character : full;
}
