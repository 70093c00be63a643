/* What we use of two packages without types of their own that fit. */

declare module 'blessed' {
  export interface Key {
    /** With its modifiers: `up`, `enter`, `C-c`, `S-g`. */
    readonly full?: string;
    readonly ctrl?: boolean;
    readonly meta?: boolean;
  }

  export interface Element {
    top: number | string;
    left: number | string;
    width: number | string;
    height: number | string;
    setContent(text: string): void;
    show(): void;
    hide(): void;
    setFront(): void;
  }

  export interface List extends Element {
    readonly style: { selected: object; item: object };
    select(index: number): void;
  }

  export interface Screen {
    readonly width: number;
    readonly height: number;
    readonly tput: { brokenACS: boolean };
    append(element: Element): void;
    render(): void;
    /** Gives the terminal back as it was. */
    destroy(): void;
    on(event: 'keypress', listener: (character: string | undefined, key: Key) => void): void;
    on(event: 'resize', listener: () => void): void;
  }

  export interface Terminfo {
    readTerminfo(): unknown;
    parseTerminfo(bytes: Buffer, file: string): unknown;
  }

  const blessed: {
    screen(options: { terminal: string; forceUnicode: boolean; resizeTimeout: number }): Screen;
    box(options: object): Element;
    readonly Tput: { readonly prototype: Terminfo };
  };
  export default blessed;
}

declare module 'blessed-contrib/lib/widget/table.js' {
  import type { Element, List } from 'blessed';

  export interface Table extends Element {
    readonly rows: List;
    readonly options: { columnWidth: readonly number[] };
    setData(data: { readonly headers: readonly string[]; readonly data: readonly (readonly string[])[] }): void;
  }

  const table: (options: {
    columnWidth: readonly number[];
    /** One more than the spaces between two columns. */
    columnSpacing: number;
    fg?: string;
    interactive?: boolean;
  }) => Table;
  export default table;
}
