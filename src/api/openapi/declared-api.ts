import type { Api } from '../api-env.ts';
import { type ApiOptions, createApi } from '../app.ts';

/** The API with all it can have and nothing behind it: for its description only. Any request to it fails. */
export function declaredApi(): Api {
  return createApi(nothing as ApiOptions);
}

/** Whatever is looked up in it, or called of it, is there and does nothing; every claim (`isMetricsPublic`) is false. */
const nothing: unknown = new Proxy(() => {}, {
  get: (_target, name) => (/^is[A-Z]/.test(String(name)) ? false : nothing),
  apply: () => nothing,
});
