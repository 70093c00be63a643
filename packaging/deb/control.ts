export interface ControlFields {
  readonly version: string;
  /** KiB, as dpkg counts what is installed. */
  readonly installedKib: number;
}

/** The control file of the package (Debian Policy §5.3). */
export function controlFile({ version, installedKib }: ControlFields): string {
  return `Package: streamctl
Version: ${version}
Architecture: amd64
Maintainer: streamctl maintainers <maintainers@streamctl.invalid>
Installed-Size: ${installedKib}
Depends: libc6 (>= 2.34), libgcc-s1 (>= 3.4), libstdc++6 (>= 11), adduser
Recommends: ffmpeg
Section: video
Priority: optional
Description: self-hosted live streaming server
 Takes RTMP from a broadcaster and serves HLS, low-latency HLS and DASH to
 viewers, in the qualities the machine can make, from one executable that
 brings everything along.
 .
 Where ffmpeg is installed, viewers are offered smaller qualities beside the
 broadcaster's own.
`;
}

/** Machine-readable copyright (DEP-5). The texts of all the code inside are in a file of their own, and in \`streamctl licenses\`. */
export const copyrightFile = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: streamctl
Comment: The executable contains Node.js and JavaScript packages under licences of
 their own; /usr/share/doc/streamctl/third-party-licenses.txt.gz has their names
 and texts, and so has "streamctl licenses".

Files: *
Copyright: 2026 the streamctl authors
License: Apache-2.0
 Licensed under the Apache License, Version 2.0. On Debian systems the text is
 in /usr/share/common-licenses/Apache-2.0.
`;

/** What lintian says of Node's own binary, which is taken as its project makes it. */
export const lintianOverrides = `streamctl: embedded-library zlib [usr/bin/streamctl]
streamctl: hardening-no-pie [usr/bin/streamctl]
`;

/** Debian's changelog with one entry, this version: what changed is in CHANGELOG.md. \`seconds\` since 1970. */
export function debianChangelog(version: string, seconds: number): string {
  const date = new Date(seconds * 1000).toUTCString().replace('GMT', '+0000');
  return `streamctl (${version}) unstable; urgency=medium

  * What changed for operators is in CHANGELOG.md.gz.

 -- streamctl maintainers <maintainers@streamctl.invalid>  ${date}
`;
}
