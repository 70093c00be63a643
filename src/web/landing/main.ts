/** Fills in this server's own addresses, and opens a channel's watch page. */
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
