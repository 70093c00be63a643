/** The same text in one piece, for what is kept long: a string that was joined keeps its pieces beside it. */
export function wholeString(joined: string): string {
  return Buffer.from(joined).toString();
}
