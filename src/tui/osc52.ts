/**
 * Puts text into the clipboard of the terminal, also over ssh (xterm's OSC 52). Inside tmux it is sent twice: tmux takes it itself
 * where `set-clipboard` is on, and hands it through where `allow-passthrough` is.
 */
export function clipboardSequence(text: string, env: { readonly TMUX?: string; readonly STY?: string }): string {
  const sequence = `\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`;
  if (env.TMUX) return `${sequence}\x1bPtmux;\x1b${sequence}\x1b\\`;
  return env.STY ? `\x1bP${sequence}\x1b\\` : sequence;
}
