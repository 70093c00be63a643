const levels = '▁▂▃▄▅▆▇█';

/** The last `width` figures as bars between 0 and the highest of them; at the left nothing where there are fewer. */
export function sparkline(figures: readonly number[], width: number): string {
  const shown = figures.slice(-width);
  const highest = Math.max(...shown, 0);
  const bars = shown.map((figure) => {
    const level = highest === 0 ? 0 : Math.round((figure / highest) * (levels.length - 1));
    return levels[Math.max(0, level)]!;
  });
  return bars.join('').padStart(width);
}
