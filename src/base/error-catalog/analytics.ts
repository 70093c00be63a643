import { entry } from './entry.ts';

/** What is known of viewers. */
export const analyticsErrors = {
  ANALYTICS_GEOIP_UNREADABLE: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The GeoIP database ${path} (analytics.geoip) cannot be read: ${reason}.`,
    remedy:
      'Check the path, and that the user streamctl runs as may read the file; geoipupdate fetches it. Without analytics.geoip no country is looked up.',
    httpStatus: 500,
    exitCode: 2,
  }),
  ANALYTICS_GEOIP_UNUSABLE: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `${path} (analytics.geoip) is no GeoIP database of countries: ${reason}.`,
    remedy:
      'Fetch GeoLite2-Country.mmdb, or another country or city database in the MaxMind DB format, anew and whole; unpacked, if it came packed.',
    httpStatus: 500,
    exitCode: 2,
  }),
  ANALYTICS_UNREACHABLE: entry<{ reason: string }>({
    message: ({ reason }) => `ClickHouse, which keeps the history of viewers, does not answer (${reason}).`,
    remedy:
      'Try again; if it lasts, see that the ClickHouse of analytics.url runs. The last twelve hours are known without it.',
    httpStatus: 503,
    exitCode: 5,
  }),
  ANALYTICS_TLS_FAILED: entry<{ place: string; reason: string }>({
    message: ({ place, reason }) => `No secure connection to ClickHouse at ${place} can be made: ${reason}.`,
    remedy:
      'Name the host in analytics.url as its certificate does, and its port for TLS; for an authority of your own start the server with NODE_EXTRA_CA_CERTS=FILE. Viewer sessions wait on disk meanwhile.',
    httpStatus: 503,
    exitCode: 5,
  }),
} as const;
