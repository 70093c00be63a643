import { residentMemoryBytes } from '../base/resident-memory.ts';
import type { HostFigures } from './host-watch.ts';
import { type Metric, metric, type PlainMetric } from './metric.ts';

/** The process, and the machine as far as it may fail it. */
export const processMetrics: readonly Metric[] = [
  metric('gauge', 'build_info', 'Always 1; its labels are the versions.', (sources) => {
    const { version } = sources.host();
    return [[1, { version, node_version: process.versions.node }]];
  }),
  host('start_time_seconds', 'When the server began, since 1970.', ({ startedAtMs }) => startedAtMs / 1000),
  host(
    'config_generation',
    'How often the configuration was read and taken: 1 since the start, and one more with each reload.',
    ({ configGeneration }) => configGeneration,
  ),
  metric('gauge', 'resident_memory_bytes', 'Memory of the process.', () => [[residentMemoryBytes()]]),
  metric('counter', 'cpu_seconds_total', 'Processor time of the process.', () => {
    const { user, system } = process.cpuUsage();
    return [[(user + system) / 1e6]];
  }),
  host('open_fds', 'File descriptors in use.', ({ openFds }) => openFds),
  host('max_fds', 'File descriptors that the process may have.', ({ maxFds }) => maxFds),
  host('data_disk_free_bytes', 'Free on the disk of the data folder.', ({ diskFreeBytes }) => diskFreeBytes),
  host('data_disk_size_bytes', 'Size of the disk of the data folder.', ({ diskSizeBytes }) => diskSizeBytes),
  host(
    'clock_shift_seconds',
    'How far the wall clock was set, or has drifted, against the monotonic one since the start.',
    ({ clockShiftMs }) => clockShiftMs / 1000,
  ),
  metric(
    'gauge',
    'certificate_expires_timestamp_seconds',
    'When the certificate in use expires, since 1970.',
    (sources) => sources.host().certificates.map(({ port, validUntilMs }) => [validUntilMs / 1000, { port }]),
  ),
];

/** Nothing while it is not known. */
function host(name: string, help: string, read: (figures: HostFigures) => number | undefined): PlainMetric {
  return metric('gauge', name, help, (sources) => {
    const value = read(sources.host());
    return value === undefined ? [] : [[value]];
  });
}
