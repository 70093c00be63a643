import { requestLanes } from '../delivery/request-times.ts';
import type { DeliveryFigures } from '../threads/delivery-side.ts';
import {
  delivery,
  deliveryThreadName,
  type HistogramReading,
  histogram,
  type Metric,
  metric,
  perDelivery,
  type Reading,
} from './metric.ts';

/** What is answered, and to how many. */
export const deliveryMetrics: readonly Metric[] = [
  delivery('gauge', 'viewer_connections', 'Open connections of viewers.', ({ sockets }) => sockets.connections),
  delivery('gauge', 'waiters', 'Requests that are held until there is news.', ({ answers }) => answers.waiters),
  delivery(
    'gauge',
    'in_flight_bytes',
    'Bytes that were handed to sockets and are not yet taken.',
    ({ sockets }) => sockets.bytesInFlight,
  ),
  delivery(
    'counter',
    'viewer_connections_refused_total',
    'Connections refused because there were too many.',
    ({ sockets }) => sockets.refused,
  ),
  delivery(
    'counter',
    'viewer_connections_handed_over_total',
    'Connections that left the fast lane for the full HTTP server.',
    ({ sockets }) => sockets.handedOver,
  ),
  metric('counter', 'http_requests_total', 'Playback requests answered.', ({ engine }) =>
    engine.delivery.figures.flatMap(({ answers }, index) =>
      byClassAndCode(answers.requests, deliveryThreadName(index)),
    ),
  ),
  histogram(
    'http_request_seconds',
    'From a request to its answer being with the socket, without the wait for media: one request in 16 where lane is fast or http2 (playback over HTTP/1.1 and HTTP/2), every one where it is full (playback by node:http), page (with the probes) or management (the API).',
    ({ engine }) =>
      requestLanes.flatMap((lane) =>
        perDelivery(engine, ({ answers }) => answers.requestSeconds[lane]).map(
          ([figures, labels]): HistogramReading => [figures, { ...labels, lane }],
        ),
      ),
  ),
  histogram('http_blocked_seconds', 'How long playback requests were held until there was media.', ({ engine }) =>
    perDelivery(engine, ({ answers }) => answers.blockedSeconds),
  ),
  delivery('counter', 'http_sent_bytes_total', 'Bytes of playback answers.', ({ answers }) => answers.bytesOut),
  delivery(
    'counter',
    'slow_readers_dropped_total',
    'Viewers cut off because they did not take their bytes.',
    ({ answers }) => answers.slowReadersDropped,
  ),
  delivery(
    'counter',
    'progressive_aborted_total',
    'Answers in the making that had to be broken off.',
    ({ answers }) => answers.progressiveAborted,
  ),
];

function byClassAndCode(requests: DeliveryFigures['answers']['requests'], thread: string): Reading[] {
  return Object.entries(requests).flatMap(([name, codes]) =>
    Object.entries(codes).map(([code, value]): Reading => [value, { thread, class: name, code }]),
  );
}
