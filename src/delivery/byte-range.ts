/** First and last byte, both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * A Range header for a body of `sizeBytes` (RFC 9110 §14.2): one range, `unsatisfiable`, or nothing, when the whole is to be
 * sent: another unit, bad syntax, or several ranges, which we choose not to split.
 */
export function parseByteRange(header: string, sizeBytes: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(header);
  if (match === null) return undefined;
  const [, firstText = '', lastText = ''] = match;
  if (firstText === '') {
    if (lastText === '') return undefined;
    const suffixBytes = Number(lastText);
    if (suffixBytes === 0 || sizeBytes === 0) return 'unsatisfiable';
    return { first: Math.max(0, sizeBytes - suffixBytes), last: sizeBytes - 1 };
  }
  const first = Number(firstText);
  if (lastText !== '' && Number(lastText) < first) return undefined;
  if (first >= sizeBytes) return 'unsatisfiable';
  return { first, last: lastText === '' ? sizeBytes - 1 : Math.min(Number(lastText), sizeBytes - 1) };
}

/** The bytes of a range, as views. */
export function sliceBody(body: readonly Uint8Array[], { first, last }: ByteRange): Uint8Array[] {
  const slices: Uint8Array[] = [];
  let at = 0;
  for (const piece of body) {
    const from = Math.max(first - at, 0);
    const to = Math.min(last + 1 - at, piece.length);
    if (from < to) slices.push(piece.subarray(from, to));
    at += piece.length;
  }
  return slices;
}
