import type { AmfObject } from '../../rtmp/amf0.ts';

/** FourCcInfoMask of Enhanced RTMP v2: whoever watches gets it, decoded by nobody here or by the transcoder. */
const canForward = 4;
const videoCodecs = ['avc1', 'hvc1', 'av01'];
const audioCodecs = ['mp4a', 'Opus'];

/** CapsExMask: requests to reconnect, and ModEx headers. Not multitrack: of several tracks only the first would be taken. */
const reconnect = 1;
const modEx = 4;

/** Whether a client speaks Enhanced RTMP, by what its connect command says of itself. */
export function isEnhancedClient(options: AmfObject): boolean {
  return ['fourCcList', 'videoFourCcInfoMap', 'audioFourCcInfoMap', 'capsEx'].some(
    (name) => options[name] !== undefined,
  );
}

/** Understands a request to reconnect. */
export function canReconnect({ capsEx }: AmfObject): boolean {
  return typeof capsEx === 'number' && (capsEx & reconnect) !== 0;
}

/** What the answer to an Enhanced RTMP client's connect command says of us ("Enhancing NetConnection connect Command"). */
export const serverCapabilities: AmfObject = {
  fourCcList: [...videoCodecs, ...audioCodecs],
  videoFourCcInfoMap: forwarded(videoCodecs),
  audioFourCcInfoMap: forwarded(audioCodecs),
  capsEx: reconnect | modEx,
};

function forwarded(codecs: readonly string[]): AmfObject {
  return Object.fromEntries(codecs.map((codec) => [codec, canForward]));
}
