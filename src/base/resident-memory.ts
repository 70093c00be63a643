/**
 * Memory of the process, bytes. The system tells it through a file: where no descriptor is left to open that with, the most it ever was.
 */
export function residentMemoryBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}
