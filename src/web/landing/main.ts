/** Fills in this server's own addresses, opens a channel's watch page, and keeps the list of broadcasts up to date. */
const refreshEveryMs = 10_000;

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element called "${id}"`);
  return found;
}

element('ingest').textContent = `rtmp://${location.hostname}/live`;
element('watch').textContent = `${location.origin}/watch/morning-show`;
element('open').addEventListener('submit', (event) => {
  event.preventDefault();
  const channel = element('channel') as HTMLInputElement;
  location.assign(`/watch/${encodeURIComponent(channel.value)}`);
});

/** The page itself is the list: asked for again, it says what is on air now. */
async function refresh(): Promise<void> {
  if (document.hidden) return;
  const response = await fetch(location.pathname, { cache: 'no-cache' });
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const fresh = page.getElementById('live');
  const shown = element('live');
  if (fresh !== null && fresh.innerHTML !== shown.innerHTML) shown.replaceChildren(...fresh.childNodes);
}

// What fails is tried again with the next look.
setInterval(() => void refresh().catch(() => {}), refreshEveryMs);
