/** A quality that a page showed from some time on. */
export interface LoggedQuality {
  /** Counts from 0 in a session: what is told twice is known by it. */
  readonly index: number;
  /** Before the report was made. */
  readonly agoMs: number;
  readonly rendition: string;
  readonly reason: string;
}

const entryForm = /^(\d{1,6}) (\d{1,9}) ([a-z0-9]{1,32}) ([a-z-]{1,20})$/;

/** The entries of a text, oldest first: `0 5210 720p startup;1 90 360p bandwidth`. Those that are none are left out. */
export function readQualityLog(text: string): LoggedQuality[] {
  return text.split(';').flatMap((entry) => {
    const [, index, agoMs, rendition = '', reason = ''] = entryForm.exec(entry) ?? [];
    return index === undefined ? [] : [{ index: Number(index), agoMs: Number(agoMs), rendition, reason }];
  });
}

export function writeQualityLog(entries: readonly LoggedQuality[]): string {
  return entries
    .map(({ index, agoMs, rendition, reason }) => `${index} ${Math.round(agoMs)} ${rendition} ${reason}`)
    .join(';');
}
