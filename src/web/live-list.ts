/** A broadcast that everybody may know of. */
export interface LiveListing {
  /** The channel's name: what the link to its watch page says. */
  readonly name: string;
  readonly isInterrupted: boolean;
  /** When its newest picture was made, ms since the epoch; undefined: it has none. */
  readonly pictureAtMs: number | undefined;
}

/** The cards of the front page; empty when nothing is on air. */
export function writeLiveList(streams: readonly LiveListing[]): string {
  return [...streams]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(card)
    .join('');
}

function card({ name, isInterrupted, pictureAtMs }: LiveListing): string {
  const text = escaped(name);
  const path = encodeURIComponent(name);
  // The time makes it another address, so that a browser looks for the next picture, and a cache has each once.
  const picture =
    pictureAtMs === undefined
      ? ''
      : `<img src="/thumb/${path}.jpg?at=${pictureAtMs}" alt="" width="640" height="360" decoding="async">`;
  const state = isInterrupted ? '<span class="badge">Interrupted</span>' : '<span class="badge on">Live</span>';
  return `<li><a href="/watch/${path}"><span class="picture">${picture}${state}</span><b>${text}</b></a></li>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
