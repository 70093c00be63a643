import { isStreamctlError } from '../../base/errors.ts';
import { openCountryDatabase } from '../../geoip/country-database.ts';
import { type Finding, finding, fine } from '../finding.ts';
import type { Host } from './host.ts';

const dayMs = 86_400_000;

/** Whether the GeoIP database can be used, where one is configured, and how old it is. */
export async function checkCountries({ config }: Host): Promise<Finding[]> {
  const { geoipPath } = config.analytics;
  if (geoipPath === '') return [];
  try {
    const { type, builtAtMs } = await openCountryDatabase(geoipPath);
    const figures = { age_days: Math.floor((Date.now() - builtAtMs) / dayMs) };
    const built = new Date(builtAtMs).toISOString().slice(0, 10);
    return [fine('geoip', `Countries of viewers are known by ${type} of ${built}.`, figures)];
  } catch (error) {
    if (!isStreamctlError(error)) throw error;
    const { message: found, remedy } = error;
    return [finding('geoip-unusable', 'problem', { found, remedy })];
  }
}
