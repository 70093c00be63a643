import { expect, test } from 'vitest';
import { StreamctlError } from '../../../src/base/errors.ts';
import type { PublishDecision } from '../../../src/ingest/publish-gate.ts';
import type { AmfValue } from '../../../src/rtmp/amf0.ts';
import { userControlEvent, writeControlValue, writeUserControl } from '../../../src/rtmp/control.ts';
import { messageType } from '../../../src/rtmp/message.ts';
import { commandMessage, goodKey, SessionRig, settled } from './session-rig.ts';

test('a publisher with the right key is told Publish.Start, on its stream, after the broadcast was opened', async () => {
  const rig = new SessionRig();
  await rig.publish();
  expect(rig.statusCodes).toEqual(['NetConnection.Connect.Success', 'NetStream.Publish.Start']);
  expect(rig.heard.at(-1)?.streamId).toBe(1);
  expect(rig.publications.last.grant).toEqual({ channel: 'morning-show', keyId: 'k1' });
  expect(rig.session.state).toBe('publishing');
});

test('Publish.Start waits for the decision, and nothing is read meanwhile', async () => {
  let decide: (decision: PublishDecision) => void = () => {};
  const rig = new SessionRig({ authorizePublish: () => new Promise((resolve) => (decide = resolve)) });
  await rig.publish();
  expect(rig.isPaused).toBe(true);
  expect(rig.statusCodes).not.toContain('NetStream.Publish.Start');
  decide({ allowed: true, grant: { channel: 'c' } });
  await settled();
  expect(rig.isPaused).toBe(false);
  expect(rig.statusCodes).toContain('NetStream.Publish.Start');
});

test('a wrong key is refused with a reason and a remedy, without being repeated, and the connection closes', async () => {
  const rig = new SessionRig();
  await rig.publish('sk_secret');
  const { name, values } = rig.lastCommand;
  expect(name).toBe('onStatus');
  expect(values[1]).toMatchObject({ level: 'error', code: 'NetStream.Publish.Unauthorized' });
  expect(JSON.stringify(values)).toMatch(/not known.*keys create/);
  expect(Buffer.concat(rig.heard.map(({ payload }) => payload)).includes('sk_secret')).toBe(false);
  expect(rig.isClosed).toBe(true);
  expect(rig.isDestroyed).toBe(false);
  expect(rig.publications.all).toEqual([]);
});

test('repeated wrong keys are answered a second late', async () => {
  const rig = new SessionRig({ rejectionDelayMs: 1000 });
  await rig.publish('wrong');
  expect(rig.isClosed).toBe(false);
  rig.clock.advance(1000);
  await settled();
  expect(rig.statusCodes).toContain('NetStream.Publish.Unauthorized');
  expect(rig.isClosed).toBe(true);
});

test('a check that fails refuses the publisher and is reported', async () => {
  const rig = new SessionRig({ authorizePublish: () => Promise.reject(new Error('store down')) });
  await rig.publish();
  expect(rig.statusCodes).toContain('NetStream.Publish.Failed');
  expect(rig.events).toEqual(['broke: Error: store down', 'refused: RTMP_AUTHORIZATION_UNAVAILABLE']);
});

test('a publisher that leaves while its key is checked aborts the check', async () => {
  let aborted = false;
  const rig = new SessionRig({
    authorizePublish: (_request, signal) => {
      signal.addEventListener('abort', () => (aborted = true));
      return new Promise(() => {});
    },
  });
  await rig.publish();
  rig.session.closed();
  expect(aborted).toBe(true);
});

test('the check gets what the publisher said, and the name without its query', async () => {
  const seen: unknown[] = [];
  const rig = new SessionRig({
    authorizePublish: async (request) => {
      seen.push(request);
      return { allowed: true, grant: { channel: 'c' } };
    },
  });
  await rig.connect({ app: 'live/?x=1', flashVer: 'FMLE/3.0 (compatible; Lavf59.27.100)' });
  rig.command('publish', 0, [null, 'key%201?tok=a%20b', 'live'], 1);
  await settled();
  const encoder = 'FMLE/3.0 (compatible; Lavf59.27.100)';
  expect(seen).toEqual([{ app: 'live', streamName: 'key%201', remoteAddress: '192.0.2.7', isTls: false, encoder }]);
});

for (const app of ['live', 'live/', 'live//', 'live?a=b', 'live/?a=b']) {
  test(`the application "${app}" is accepted`, async () => {
    const rig = new SessionRig();
    await rig.connect({ app });
    expect(rig.statusCodes).toEqual(['NetConnection.Connect.Success']);
  });
}

for (const app of ['', 'other', 'live/more', '../live', 7]) {
  test(`the application ${JSON.stringify(app)} is refused`, async () => {
    const rig = new SessionRig();
    await rig.connect({ app });
    expect(rig.lastCommand).toMatchObject({ name: '_error', transactionId: 1 });
    expect(rig.statusCodes).toEqual(['NetConnection.Connect.InvalidApp']);
    expect(rig.isClosed).toBe(true);
  });
}

const badNames: [string, AmfValue][] = [
  ['an empty name', ''],
  ['nothing but a query', '?key=x'],
  ['a slash', 'a/b'],
  ['a backslash', 'a\\b'],
  ['two dots', 'a..b'],
  ['NUL', 'a\0b'],
  ['257 bytes', 'x'.repeat(257)],
  ['86 characters of three bytes each', '€'.repeat(86)],
  ['a number', 5],
  ['nothing', undefined],
];
for (const [what, name] of badNames) {
  test(`a stream name with ${what} is refused before any check`, async () => {
    let asked = 0;
    const rig = new SessionRig({
      authorizePublish: async () => {
        asked++;
        return { allowed: true, grant: { channel: 'c' } };
      },
    });
    await rig.connect();
    rig.command('publish', 0, [null, name, 'live'], 1);
    await settled();
    expect(asked).toBe(0);
    expect(rig.statusCodes.at(-1)).toBe('NetStream.Publish.BadName');
    expect(rig.isClosed).toBe(true);
  });
}

test('every answer has the transaction id of its question, zero too', async () => {
  const rig = new SessionRig();
  await rig.connect();
  rig.command('releaseStream', 0, [null, goodKey]);
  rig.command('FCPublish', 0, [null, goodKey]);
  rig.command('releaseStream', 2, [null, goodKey]);
  rig.command('FCPublish', 3, [null, goodKey]);
  rig.command('createStream', 4, [null]);
  rig.command('_checkbw', 5, [null]);
  const answers = rig.commands.slice(1).map(({ name, transactionId }) => [name, transactionId]);
  expect(answers).toEqual([
    ['_result', 0],
    ['_result', 0],
    ['_result', 2],
    ['_result', 3],
    ['_result', 4],
    ['_error', 5],
  ]);
  expect(rig.commands.at(-2)?.values).toEqual([null, 1]);
});

test('AMF3 commands of Flash players are understood', async () => {
  const rig = new SessionRig();
  await rig.shakeHands();
  const { payload } = commandMessage('connect', 1, [{ app: 'live', objectEncoding: 3 }]);
  rig.say({ typeId: messageType.amf3Command, payload: Buffer.concat([Buffer.from([0]), payload]) });
  expect(rig.statusCodes).toEqual(['NetConnection.Connect.Success']);
});

test('whoever wants to play is told where to look', async () => {
  const rig = new SessionRig();
  await rig.connect();
  rig.command('play', 0, [null, 'morning-show'], 1);
  expect(rig.statusCodes.at(-1)).toBe('NetStream.Play.Failed');
  expect(rig.isClosed).toBe(true);
});

for (const command of ['createStream', 'publish', 'play']) {
  test(`${command} before connect ends the session`, async () => {
    const rig = new SessionRig();
    await rig.shakeHands();
    rig.command(command, 1, [null, goodKey]);
    expect(rig.isClosed).toBe(true);
    expect(rig.events).toEqual(['refused: RTMP_COMMAND_UNEXPECTED']);
  });
}

test('publishing twice at once ends the session', async () => {
  const rig = new SessionRig();
  await rig.publish();
  rig.command('publish', 0, [null, goodKey, 'live'], 1);
  expect(rig.isClosed).toBe(true);
  expect(rig.publications.all.map(({ ended }) => ended)).toEqual(['lost']);
});

const goodbyes: [string, AmfValue[]][] = [
  ['FCUnpublish', [null, goodKey]],
  ['deleteStream', [null, 1]],
  ['deleteStream', [null, 'gst']],
  ['closeStream', [null]],
];
for (const [name, values] of goodbyes) {
  test(`${name} ${JSON.stringify(values[1])} ends the broadcast for good, once`, async () => {
    const rig = new SessionRig();
    await rig.publish();
    rig.command(name, 4, values, 1);
    rig.command('deleteStream', 5, [null, 1]);
    rig.session.closed();
    expect(rig.publications.last.ended).toBe('goodbye');
    expect(rig.events).toEqual(['published', 'unpublished: goodbye']);
  });
}

test('after a goodbye the same connection may publish again', async () => {
  const rig = new SessionRig();
  await rig.publish();
  rig.command('deleteStream', 4, [null, 1]);
  rig.command('publish', 5, [null, goodKey, 'live'], 1);
  await settled();
  expect(rig.publications.all.map(({ ended }) => ended)).toEqual(['goodbye', undefined]);
});

test('a connection that breaks loses the publisher without ending its broadcast', async () => {
  const rig = new SessionRig();
  await rig.publish();
  rig.session.closed();
  rig.session.closed();
  expect(rig.publications.last.ended).toBe('lost');
});

const dismissals = [
  ['replaced', 'error', 'NetStream.Publish.BadName'],
  ['operator', 'error', 'NetStream.Publish.Rejected'],
  ['key_revoked', 'error', 'NetStream.Publish.Unauthorized'],
  ['policy', 'error', 'NetStream.Publish.Rejected'],
  ['shutdown', 'status', 'NetStream.Unpublish.Success'],
] as const;
for (const [reason, level, code] of dismissals) {
  test(`a publisher that is dismissed (${reason}) hears ${code}, and its publication is not ended again`, async () => {
    const rig = new SessionRig();
    await rig.publish();
    const { connection } = rig.publications.last;
    connection.dismiss(reason);
    connection.dismiss('operator');
    rig.session.closed();
    expect(rig.lastCommand.values[1]).toMatchObject({ level, code });
    expect(rig.isClosed).toBe(true);
    expect(rig.publications.last.ended).toBeUndefined();
    expect(rig.events).toEqual(['published', `unpublished: ${reason}`]);
  });
}

test('a publisher that broke the policy hears what was found and what is allowed, then that nothing follows', async () => {
  const rig = new SessionRig();
  await rig.publish();
  const found = { widthPixels: 2560, heightPixels: 1440, allowedPixels: 1080 };
  rig.publications.last.connection.dismiss('policy', new StreamctlError('ACCESS_POLICY_HEIGHT', found));
  const { description } = rig.lastCommand.values[1] as { description: string };
  expect(description).toMatch(/2560x1440.*1080p at most.*Output \(Scaled\) Resolution/);
  const last = rig.heard.at(-1)!;
  expect(last.typeId).toBe(messageType.userControl);
  expect(last.payload.readUInt16BE(0)).toBe(userControlEvent.streamEof);
  expect(rig.isClosed).toBe(true);
});

test('a publisher that understands it is asked to reconnect when the server stops', async () => {
  const rig = new SessionRig();
  await rig.connect({ app: 'live', capsEx: 1 });
  rig.command('publish', 0, [null, goodKey, 'live'], 1);
  await settled();
  rig.session.shutDown();
  expect(rig.statusCodes.at(-1)).toBe('NetConnection.Connect.ReconnectRequest');
  expect(rig.publications.last.ended).toBe('lost');
});

for (const [what, said] of [
  ['a list of codecs (Enhanced RTMP v1)', { fourCcList: ['hvc1'] }],
  ['a map of codecs (v2)', { videoFourCcInfoMap: { '*': 2 } }],
] as const) {
  test(`a publisher that announces ${what} is told what is taken, and that of several tracks only one is`, async () => {
    const rig = new SessionRig();
    await rig.connect({ app: 'live', ...said } as Parameters<typeof rig.connect>[0]);
    expect(rig.lastCommand.values[0]).toMatchObject({
      fourCcList: ['avc1', 'hvc1', 'av01', 'mp4a', 'Opus'],
      videoFourCcInfoMap: { avc1: 4, hvc1: 4, av01: 4 },
      audioFourCcInfoMap: { mp4a: 4, Opus: 4 },
      capsEx: 0b101,
    });
  });
}

test('a publisher of before Enhanced RTMP is told nothing of it', async () => {
  const rig = new SessionRig();
  await rig.connect();
  expect(rig.lastCommand.values[0]).toEqual({ fmsVer: expect.any(String), capabilities: 31 });
});

test('a publisher dismissed while its broadcast is being opened never hears Publish.Start', async () => {
  const rig = new SessionRig({
    openPublication: (grant, connection) => {
      connection.dismiss('policy');
      return rig.publications.open(grant, connection);
    },
  });
  await rig.publish();
  expect(rig.statusCodes).toEqual(['NetConnection.Connect.Success', 'NetStream.Publish.Rejected']);
  expect(rig.publications.last.ended).toBeUndefined();
});

test('a broadcast that cannot be opened is refused with the reason', async () => {
  const rig = new SessionRig({
    openPublication: () => {
      throw new StreamctlError('STREAM_UNKNOWN', { stream: 'x' });
    },
  });
  await rig.publish();
  expect(rig.events).toEqual(['refused: STREAM_UNKNOWN']);
  expect(rig.isClosed).toBe(true);
});

test('a server without room refuses with the reason', async () => {
  const rig = new SessionRig({ admit: () => new StreamctlError('RTMP_PUBLISHER_LIMIT', { limit: 1 }) });
  await rig.publish();
  expect(rig.lastCommand.values[1]).toMatchObject({ code: 'NetStream.Publish.Failed' });
  expect(rig.publications.all).toEqual([]);
});

test('pings are answered with their timestamp', async () => {
  const rig = new SessionRig();
  await rig.connect();
  rig.say(writeUserControl({ event: userControlEvent.pingRequest, value: 0xdeadbeef }));
  const answer = rig.heard.at(-1)!;
  expect([answer.typeId, answer.payload.toString('hex')]).toEqual([messageType.userControl, '0007deadbeef']);
});

test('every window is acknowledged, with what was received', async () => {
  const rig = new SessionRig();
  await rig.publish();
  rig.say(writeControlValue(messageType.windowAckSize, 20_000));
  for (let i = 0; i < 100; i++) rig.say({ chunkStreamId: 4, typeId: 9, streamId: 1, payload: new Uint8Array(1000) });
  const acknowledgements = rig.heard.filter(({ typeId }) => typeId === messageType.acknowledgement);
  expect(acknowledgements.length).toBe(5);
  const last = acknowledgements.at(-1)!.payload.readUInt32BE();
  expect(rig.session.bytesIn - last).toBeLessThan(20_000);
});

test('what is not RTMP is closed without an answer', () => {
  const rig = new SessionRig();
  rig.session.receive(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  expect(rig.isDestroyed).toBe(true);
  expect(rig.events).toEqual(['refused: RTMP_HANDSHAKE_INVALID']);
});
