/** Why a link does not show a broadcast that is for holders of signed links. */
export type LinkFault = 'link-missing' | 'link-expired' | 'link-invalid';

/** What a viewer is told at a glance. */
export type PageState =
  | 'connecting'
  | 'offline'
  | 'starting'
  | 'live'
  | 'interrupted'
  | 'ended'
  | 'unreachable'
  | LinkFault
  | 'unsupported';

export interface StateText {
  /** The badge beside the name. */
  readonly badge: string;
  /** The card over the picture; none while pictures move. */
  readonly title?: string;
  readonly text?: string;
}

export const stateTexts: Readonly<Record<PageState, StateText>> = {
  connecting: { badge: 'Connecting' },
  offline: {
    badge: 'Off air',
    title: 'Nothing on air right now',
    text: 'Leave this page open: it starts by itself as soon as the broadcast begins.',
  },
  starting: { badge: 'Starting', title: 'Starting soon', text: 'The broadcast is about to begin.' },
  live: { badge: 'Live' },
  interrupted: {
    badge: 'Interrupted',
    title: 'One moment, please',
    text: 'The broadcaster’s connection was interrupted. The picture comes back by itself.',
  },
  ended: {
    badge: 'Ended',
    title: 'The broadcast has ended',
    text: 'Thank you for watching. The next one starts here by itself.',
  },
  unreachable: {
    badge: 'Reconnecting',
    title: 'The server cannot be reached',
    text: 'Check your connection. We keep trying, and go on by ourselves.',
  },
  'link-missing': {
    badge: 'By invitation',
    title: 'This broadcast needs a link',
    text: 'Please open the link you were sent for it. If you have none, ask whoever runs the broadcast.',
  },
  'link-expired': {
    badge: 'Link expired',
    title: 'This link has expired',
    text: 'Please ask whoever sent it to you for a new one.',
  },
  'link-invalid': {
    badge: 'Link not good',
    title: 'This link does not work',
    text: 'Please check that you have all of it, or ask whoever sent it to you for a new one.',
  },
  unsupported: {
    badge: 'Unsupported',
    title: 'This browser cannot play the broadcast',
    text: 'Please try a current version of Chrome, Edge, Firefox or Safari.',
  },
};
