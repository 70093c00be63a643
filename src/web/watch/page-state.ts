/** What a viewer is told at a glance. */
export type PageState =
  | 'connecting'
  | 'offline'
  | 'starting'
  | 'live'
  | 'interrupted'
  | 'ended'
  | 'unreachable'
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
  unsupported: {
    badge: 'Unsupported',
    title: 'This browser cannot play the broadcast',
    text: 'Please try a current version of Chrome, Edge, Firefox or Safari.',
  },
};
