interface Bounds {
  readonly least?: number;
  readonly most?: number;
}

/** What a fault did, and what it may do. Without bounds it is only told. */
export interface Figure extends Bounds {
  readonly name: string;
  readonly value: number;
}

/** One service level: what an operator reads, what was seen from outside, by how much these may differ, and what is promised of both. */
export interface Level extends Bounds {
  readonly name: string;
  readonly told?: number;
  readonly seen: number;
  readonly mayDiffer?: number;
}

/** A figure that could not be had (NaN) keeps nothing. */
export function isFigureKept({ value, ...bounds }: Figure): boolean {
  return isWithin(value, bounds);
}

export function isLevelKept({ told, seen, mayDiffer = Number.POSITIVE_INFINITY, ...bounds }: Level): boolean {
  if (told === undefined) return isWithin(seen, bounds);
  return Math.abs(told - seen) <= mayDiffer && isWithin(told, bounds) && isWithin(seen, bounds);
}

/** To two per cent, because clocks and counters are read a moment apart. */
export function nearly(name: string, told: number, seen: number): Level {
  return { name, told, seen, mayDiffer: 0.02 * seen };
}

export function exactly(name: string, told: number, seen: number): Level {
  return { name, told, seen, mayDiffer: 0 };
}

/** Of each figure the one, of all times that the same fault happened, that is closest to its bound or furthest beyond it. */
export function worstOf(times: readonly (readonly Figure[])[]): Figure[] {
  const worst = new Map<string, Figure>();
  for (const figure of times.flat()) {
    const before = worst.get(figure.name);
    if (before === undefined || isWorse(figure, before)) worst.set(figure.name, figure);
  }
  return [...worst.values()];
}

function isWorse(figure: Figure, before: Figure): boolean {
  if (isFigureKept(figure) !== isFigureKept(before)) return isFigureKept(before);
  return figure.most === undefined && figure.least !== undefined
    ? figure.value < before.value
    : figure.value > before.value;
}

export function boundText({ least, most }: Bounds): string {
  if (least !== undefined && least === most) return `= ${least}`;
  return [least === undefined ? '' : `>= ${least}`, most === undefined ? '' : `<= ${most}`].filter(Boolean).join(', ');
}

function isWithin(value: number, { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY }: Bounds) {
  return value >= least && value <= most;
}
