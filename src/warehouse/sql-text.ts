/** A string as it stands in SQL of ClickHouse: everything that could end or change it is escaped (backslash escapes, as all versions read them). */
export function sqlString(value: string): string {
  return `'${value.replace(/[\\'\0\b\t\n\f\r]/g, (character) => escapes[character]!)}'`;
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\0': '\\0',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
};

/** A whole number as it stands in SQL. Throws for what is none. */
export function sqlInteger(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number`);
  return String(value);
}
