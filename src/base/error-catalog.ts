import { accessErrors } from './error-catalog/access.ts';
import { analyticsErrors } from './error-catalog/analytics.ts';
import { apiErrors } from './error-catalog/api.ts';
import { cliErrors } from './error-catalog/cli.ts';
import { configErrors } from './error-catalog/config.ts';
import { deliveryErrors } from './error-catalog/delivery.ts';
import { eventErrors } from './error-catalog/events.ts';
import { listenErrors } from './error-catalog/listen.ts';
import { mediaErrors } from './error-catalog/media.ts';
import { playbackErrors } from './error-catalog/playback.ts';
import { publishErrors } from './error-catalog/publish.ts';
import { realtimeErrors } from './error-catalog/realtime.ts';
import { rtmpErrors } from './error-catalog/rtmp.ts';
import { storeErrors } from './error-catalog/store.ts';
import { streamErrors } from './error-catalog/stream.ts';
import { transcodeErrors } from './error-catalog/transcode.ts';

/** Every situation that has a code, by area: a new one goes into its area's file. */
export const errorCatalog = {
  ...mediaErrors,
  ...streamErrors,
  ...configErrors,
  ...storeErrors,
  ...accessErrors,
  ...playbackErrors,
  ...rtmpErrors,
  ...publishErrors,
  ...deliveryErrors,
  ...apiErrors,
  ...cliErrors,
  ...listenErrors,
  ...eventErrors,
  ...analyticsErrors,
  ...realtimeErrors,
  ...transcodeErrors,
} as const;

export type ErrorCode = keyof typeof errorCatalog;
export type ErrorDetails<Code extends ErrorCode> = Parameters<(typeof errorCatalog)[Code]['message']>[0];
