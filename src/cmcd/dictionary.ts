/** A number, a text (a token is one too) or a flag. */
export type BareItem = number | string | boolean;

/** One item of an inner list, with the names of its parameters: `950;v`. */
export interface ListItem {
  readonly value: BareItem;
  readonly parameters: readonly string[];
}

export type Member = BareItem | readonly ListItem[];

/** So many members are looked at; the longest report we know of has 31. */
const maxMembers = 64;
/** Items of one inner list. */
const maxItems = 16;

/**
 * Reads a CMCD dictionary: RFC 8941 as players write it, so decimals, tokens that begin with a digit and spaces around commas pass too.
 * `visit` gets every member in order; false when the text breaks off or is none.
 */
export function readDictionary(text: string, visit: (key: string, member: Member) => void): boolean {
  return new DictionaryReader(text).read(visit);
}

/** Ends a key or a token. */
const isDelimiter = (code: number): boolean =>
  code === 0x2c || code === 0x3d || code === 0x3b || code === 0x20 || code === 0x28 || code === 0x29 || code === 0x22;

class DictionaryReader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  read(visit: (key: string, member: Member) => void): boolean {
    const { text } = this;
    for (let count = 0; count < maxMembers; count++) {
      this.skipSpaces();
      if (this.at === text.length) return count > 0;
      const key = this.word();
      if (key === '') return false;
      let member: Member | undefined = true;
      if (text[this.at] === '=') {
        this.at++;
        member = text[this.at] === '(' ? this.innerList() : this.bareItem();
      }
      if (member === undefined) return false;
      this.parameters();
      visit(key, member);
      this.skipSpaces();
      if (this.at === text.length) return true;
      if (text[this.at] !== ',') return false;
      this.at++;
    }
    return true;
  }

  private word(): string {
    const start = this.at;
    while (this.at < this.text.length && !isDelimiter(this.text.charCodeAt(this.at))) this.at++;
    return this.text.slice(start, this.at);
  }

  private skipSpaces(): void {
    while (this.text[this.at] === ' ') this.at++;
  }

  private bareItem(): BareItem | undefined {
    if (this.text[this.at] === '"') return this.quoted();
    const word = this.word();
    if (word === '') return undefined;
    if (word === '?0' || word === '?1') return word === '?1';
    return /^-?\d{1,15}(\.\d*)?$/.test(word) ? Number(word) : word;
  }

  private quoted(): string | undefined {
    const { text } = this;
    let start = ++this.at;
    let value = '';
    for (; this.at < text.length; this.at++) {
      if (text[this.at] === '"') return value + text.slice(start, this.at++);
      if (text[this.at] !== '\\') continue;
      value += text.slice(start, this.at);
      start = ++this.at;
    }
    return undefined;
  }

  private innerList(): readonly ListItem[] | undefined {
    this.at++;
    const items: ListItem[] = [];
    for (;;) {
      this.skipSpaces();
      if (this.text[this.at] === ')') {
        this.at++;
        return items;
      }
      const value = this.bareItem();
      if (value === undefined || items.length === maxItems) return undefined;
      items.push({ value, parameters: this.parameters() });
    }
  }

  /** Their names; values are of no use here. */
  private parameters(): readonly string[] {
    if (this.text[this.at] !== ';') return none;
    const names: string[] = [];
    while (this.text[this.at] === ';') {
      this.at++;
      names.push(this.word());
      if (this.text[this.at] !== '=') continue;
      this.at++;
      this.bareItem();
    }
    return names;
  }
}

const none: readonly string[] = [];
