import type { StreamctlError } from '../../../src/base/errors.ts';
import type { OpenPublication } from '../../../src/ingest/publish-gate.ts';
import type { AccessUnit, AudioConfig, VideoConfig } from '../../../src/media/track.ts';
import type {
  Publication,
  PublicationEnd,
  PublisherConnection,
  PublishGrant,
} from '../../../src/stream/publication.ts';

/** What one publisher handed in, copied. */
export class RecordedPublication implements Publication {
  readonly grant: PublishGrant;
  readonly connection: PublisherConnection;
  readonly videoConfigs: VideoConfig[] = [];
  readonly audioConfigs: AudioConfig[] = [];
  readonly units: AccessUnit[] = [];
  ended: PublicationEnd | undefined;
  failure: StreamctlError | undefined;

  constructor(grant: PublishGrant, connection: PublisherConnection) {
    this.grant = grant;
    this.connection = connection;
  }

  videoConfig(config: VideoConfig): void {
    this.videoConfigs.push(config);
  }

  audioConfig(config: AudioConfig): void {
    this.audioConfigs.push(config);
  }

  accessUnit(unit: AccessUnit): void {
    this.units.push({ ...unit, data: Uint8Array.from(unit.data) });
  }

  end(how: PublicationEnd): void {
    if (this.ended !== undefined) throw new Error(`ended twice: ${this.ended}, then ${how}`);
    this.ended = how;
  }

  fail(error: StreamctlError): void {
    if (this.ended !== undefined) throw new Error(`failed after it ended: ${this.ended}`);
    this.failure = error;
  }
}

/** Opens publications that remember. */
export class RecordedPublications {
  readonly all: RecordedPublication[] = [];
  readonly open: OpenPublication = (grant, connection) => {
    const publication = new RecordedPublication(grant, connection);
    this.all.push(publication);
    return publication;
  };

  get last(): RecordedPublication {
    const last = this.all.at(-1);
    if (last === undefined) throw new Error('nobody published');
    return last;
  }
}
