/** What WebSockets were told so far, and what slow readers among them were not. */
export class SocketCounts {
  /** To one socket each. */
  messages = 0;
  /** Snapshots left out because what was there before had not been read. */
  snapshotsSkipped = 0;
  /** Notifications that could not be kept any longer for who did not read. */
  notificationsLost = 0;
  /** Sockets closed because nobody read. */
  closedSlow = 0;
}

/** The same beside how many sockets are open now. */
export interface SocketFigures extends Readonly<SocketCounts> {
  readonly open: number;
}
