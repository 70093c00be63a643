import { type Resource, textResource } from './resource.ts';

interface CachedText {
  version: number;
  readonly text: string;
  readonly resource: Resource;
  /** The same under other caching rules. */
  readonly variations: Map<string, Resource>;
}

interface TextOptions {
  /** Which text of the stream it is. */
  readonly view: string;
  readonly class: 'multivariant' | 'playlist' | 'manifest';
  readonly contentType: string;
  readonly caching: string;
}

/** What was written of one stream: each text once a version, however many ask for it. */
export class StreamTexts {
  /** Grows with everything that may change a text. */
  version = 0;
  private readonly texts = new Map<string, CachedText>();

  /** What was written already of the present version. */
  known(view: string, caching: string): Resource | undefined {
    const cached = this.texts.get(view);
    return cached?.version === this.version ? cached.variations.get(caching) : undefined;
  }

  /** The text of the present version. One that has not changed stays the same resource. */
  write({ view, class: replyClass, contentType, caching }: TextOptions, write: () => string): Resource {
    let cached = this.texts.get(view);
    if (cached?.version !== this.version) {
      const text = write();
      if (cached?.text === text) cached.version = this.version;
      else {
        const resource = textResource({ class: replyClass, contentType, cacheControl: caching, text });
        cached = { version: this.version, text, resource, variations: new Map([[caching, resource]]) };
        this.texts.set(view, cached);
      }
    }
    let resource = cached.variations.get(caching);
    if (resource === undefined) {
      resource = cached.resource.withCacheControl(caching);
      cached.variations.set(caching, resource);
    }
    return resource;
  }

  forget(isOver: (view: string) => boolean): void {
    for (const view of this.texts.keys()) if (isOver(view)) this.texts.delete(view);
  }
}
