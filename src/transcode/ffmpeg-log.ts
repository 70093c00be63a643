/** One line of ffmpeg's log, with `-loglevel level+…`. */
export interface FfmpegLogLine {
  readonly level: 'warning' | 'error' | 'fatal';
  /** Without the addresses and pads of ffmpeg's objects, so that equal lines are equal. */
  readonly text: string;
}

const maxLineBytes = 1000;
const levels: Record<string, FfmpegLogLine['level']> = {
  warning: 'warning',
  error: 'error',
  fatal: 'fatal',
  panic: 'fatal',
};

/** Cuts a stream of text into lines; what is longer than a kilobyte is cut off, so that no line can take memory. */
export class LineReader {
  private readonly decoder = new TextDecoder();
  private readonly onLine: (line: string) => void;
  private pending = '';

  constructor(onLine: (line: string) => void) {
    this.onLine = onLine;
  }

  push(bytes: Uint8Array): void {
    const lines = (this.pending + this.decoder.decode(bytes, { stream: true })).split(/[\r\n]+/);
    this.pending = (lines.pop() ?? '').slice(0, maxLineBytes);
    for (const line of lines) {
      if (line !== '') this.onLine(line.slice(0, maxLineBytes));
    }
  }
}

/** `[h264 @ 0x55d0] [error] no frame!` → error, "h264: no frame!". A line without a level goes on with the one before and counts as a warning. */
export function readLogLine(line: string): FfmpegLogLine {
  let level: FfmpegLogLine['level'] = 'warning';
  let source = '';
  let rest = line;
  for (let match = bracketed(rest); match !== undefined; match = bracketed(rest)) {
    const known = levels[match.content];
    if (known !== undefined) level = known;
    else source = `${match.content.split(' @ ')[0]}: `;
    rest = match.rest;
  }
  return { level, text: `${source}${rest.trim()}` };
}

function bracketed(text: string): { content: string; rest: string } | undefined {
  const match = /^\[([^\]]*)\]\s*/.exec(text);
  return match === null ? undefined : { content: match[1] ?? '', rest: text.slice(match[0].length) };
}

/** Whether a line tells of a picture that arrived damaged: the input's fault, not ours. */
export function tellsOfDamagedInput(text: string): boolean {
  return /corrupt decoded frame|error while decoding MB|concealing \d+|decode_slice_header error/i.test(text);
}
