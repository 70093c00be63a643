import { generate } from 'selfsigned';
import { expect, test } from 'vitest';
import { RtmpPublisher } from '../../src/publisher/rtmp-publisher.ts';
import { userControlEvent, writeControlValue, writeUserControl } from '../../src/rtmp/control.ts';
import { messageType } from '../../src/rtmp/message.ts';
import { until } from '../support/until.ts';
import { scriptedServer, welcoming } from './scripted-server.ts';

const forTest = () => AbortSignal.timeout(20_000);

test('the dialogue is that of an encoder, from connect to deleteStream', async () => {
  const { url, connections } = await scriptedServer(welcoming);
  const publisher = new RtmpPublisher({ url });
  await publisher.connect(forTest());
  await publisher.goodbye();

  const commands = connections[0]?.commands ?? [];
  expect(commands.map(({ name }) => name)).toEqual([
    'connect',
    'releaseStream',
    'FCPublish',
    'createStream',
    'publish',
    'FCUnpublish',
    'deleteStream',
  ]);
  expect(commands[0]?.values[0]).toMatchObject({ app: 'live', tcUrl: `rtmp://127.0.0.1:${url.port}/live` });
  expect(commands[4]?.values).toEqual([null, 'sk_test_secret', 'live']);
  expect(publisher.failure).toBeUndefined();
});

test('what is sent arrives as it is, in order, in chunks of the chosen size', async () => {
  const { url, connections } = await scriptedServer(welcoming);
  const publisher = new RtmpPublisher({ url, chunkSizeBytes: 777 });
  await publisher.connect(forTest());
  const bodies = [5, 776, 777, 778, 100_000].map((sizeBytes, i) => new Uint8Array(sizeBytes).fill(i + 1));
  for (const [i, body] of bodies.entries()) publisher.sendTag(i % 2 === 0 ? 'video' : 'audio', i * 33, body);
  await publisher.goodbye();

  const [connection] = connections;
  expect(connection?.reader.chunkSizeBytes).toBe(777);
  expect(connection?.media().map(({ timestampMs }) => timestampMs)).toEqual([0, 33, 66, 99, 132]);
  expect(connection?.media().map(({ payload }) => Buffer.from(payload))).toEqual(
    bodies.map((body) => Buffer.from(body)),
  );
});

test('timestamps beyond 32 bits go on modulo 2^32', async () => {
  const { url, connections } = await scriptedServer(welcoming);
  const publisher = new RtmpPublisher({ url });
  await publisher.connect(forTest());
  for (const timestampMs of [2 ** 32 - 20, 2 ** 32, 2 ** 32 + 20])
    publisher.sendTag('audio', timestampMs, Uint8Array.of(0xaf, 1));
  await publisher.goodbye();
  expect(connections[0]?.media().map(({ timestampMs }) => timestampMs)).toEqual([2 ** 32 - 20, 0, 20]);
});

test('a refusal is told in the words of the server', async () => {
  const { url } = await scriptedServer((command, connection) => {
    if (command.name === 'publish')
      connection.status('error', 'NetStream.Publish.BadName', 'The stream key is not known.');
    else welcoming(command, connection);
  });
  await expect(new RtmpPublisher({ url }).connect(forTest())).rejects.toMatchObject({
    code: 'PUBLISH_REFUSED',
    details: { code: 'NetStream.Publish.BadName', description: 'The stream key is not known.' },
    exitCode: 4,
  });
});

test('a refusal of connect counts as one too', async () => {
  const { url } = await scriptedServer((command, connection) =>
    connection.answer('_error', command.transactionId, [
      null,
      { level: 'error', code: 'NetConnection.Connect.Rejected' },
    ]),
  );
  await expect(new RtmpPublisher({ url }).connect(forTest())).rejects.toMatchObject({
    code: 'PUBLISH_REFUSED',
    details: { code: 'NetConnection.Connect.Rejected' },
  });
});

test('a server that closes instead of answering is named with what was waited for', async () => {
  const { url } = await scriptedServer((command, connection) => {
    if (command.name === 'publish') connection.socket.end();
    else welcoming(command, connection);
  });
  await expect(new RtmpPublisher({ url }).connect(forTest())).rejects.toMatchObject({
    code: 'PUBLISH_LOST',
    message: expect.stringContaining('while we waited for the permission to publish'),
  });
});

test('a silent server is given up', async () => {
  const { url } = await scriptedServer(() => undefined);
  await expect(new RtmpPublisher({ url, connectTimeoutMs: 200 }).connect(forTest())).rejects.toMatchObject({
    code: 'PUBLISH_TIMEOUT',
    details: { step: 'the answer to connect' },
  });
});

test('a port where nobody listens is unreachable', async () => {
  const url = { isTls: false, host: '127.0.0.1', port: 1, app: 'live', streamName: 'key' };
  await expect(new RtmpPublisher({ url }).connect(forTest())).rejects.toMatchObject({
    code: 'PUBLISH_UNREACHABLE',
    details: { address: '127.0.0.1:1', reason: 'ECONNREFUSED' },
  });
});

test('an abort while connecting rejects with its reason', async () => {
  const { url } = await scriptedServer(() => undefined);
  const abort = new AbortController();
  const connecting = new RtmpPublisher({ url }).connect(abort.signal);
  abort.abort(new Error('enough'));
  await expect(connecting).rejects.toThrow('enough');
});

test('a dismissal while live is told in the words of the server', async () => {
  const { url, connections } = await scriptedServer(welcoming);
  const publisher = new RtmpPublisher({ url });
  await publisher.connect(forTest());
  connections[0]?.status('error', 'NetStream.Publish.BadName', 'replaced by a newer publisher');
  await until('the dismissal is noticed', () => publisher.failure !== undefined);
  expect(publisher.failure).toMatchObject({
    code: 'PUBLISH_DISMISSED',
    details: { description: 'replaced by a newer publisher' },
  });
});

test('a server that stops reading holds the sender back, and lets it go on', async () => {
  const { url, connections } = await scriptedServer(welcoming);
  const publisher = new RtmpPublisher({ url });
  await publisher.connect(forTest());
  connections[0]?.socket.pause();
  const body = new Uint8Array(1 << 20);
  let sent = 1;
  while (publisher.sendTag('video', sent, body)) sent++;
  const drained = publisher.drained(forTest());
  for (let i = 0; i < 16; i++) publisher.sendTag('video', ++sent, body); // more than the kernel takes on its own
  connections[0]?.socket.resume();
  await drained;
  await publisher.goodbye();
  expect(connections[0]?.media().length).toBe(sent);
});

test('pings are answered and windows acknowledged', async () => {
  const { url, connections } = await scriptedServer((command, connection) => {
    if (command.name === 'connect') connection.send(writeControlValue(messageType.windowAckSize, 1000));
    welcoming(command, connection);
  });
  const publisher = new RtmpPublisher({ url });
  await publisher.connect(forTest());
  const [connection] = connections;
  for (let i = 0; i < 200; i++) connection?.send(writeUserControl({ event: userControlEvent.pingRequest, value: i }));
  const ofType = (typeId: number) => connection?.received.filter((message) => message.typeId === typeId) ?? [];
  await until('all pings are answered', () => ofType(messageType.userControl).length === 200);
  expect(ofType(messageType.userControl)[199]?.payload).toEqual(Uint8Array.of(0, 7, 0, 0, 0, 199));
  expect(ofType(messageType.acknowledgement).length).toBeGreaterThan(0);
  await publisher.goodbye();
});

test('rtmps:// refuses a certificate nobody vouches for, unless told otherwise', async () => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }]);
  const { url, connections } = await scriptedServer(welcoming, { key, cert });
  await expect(new RtmpPublisher({ url }).connect(forTest())).rejects.toMatchObject({
    code: 'PUBLISH_UNREACHABLE',
    details: { reason: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
  });
  const trusting = new RtmpPublisher({ url, allowAnyCertificate: true });
  await trusting.connect(forTest());
  trusting.sendTag('audio', 0, Uint8Array.of(0xaf, 1, 2, 3));
  await trusting.goodbye();
  expect(connections.at(-1)?.media().length).toBe(1);
});
