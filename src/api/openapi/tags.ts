/** What the operations are about, in the order of the reference. A topic that adds operations of its own adds its line. */
export const tagDescriptions: Readonly<Record<string, string>> = {
  Streams: 'Broadcasts: announce, list, look at and stop them.',
  Keys: 'Stream keys: what broadcasters publish with, each for one channel.',
  Events: 'Everything that happened, and who was told of it.',
  Analytics: 'Who watches, and how well.',
  Tokens: 'Who may use this API, and for what.',
  Node: 'How this server does.',
};
