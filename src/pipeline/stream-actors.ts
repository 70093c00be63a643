import { type Actor, actedBy } from '../access/actor.ts';
import type { JsonValue } from '../store/ports/json-value.ts';

/** Who has ordered what media is about to tell: the order goes to the media thread, and comes back as a change without a name. */
export class StreamActors {
  private readonly actors = new Map<string, Actor>();

  /** What happens to a channel or stream until `order` is carried out is done by `actor`. */
  async during<Result>(channelOrId: string, actor: Actor, order: () => Promise<Result>): Promise<Result> {
    this.actors.set(channelOrId, actor);
    try {
      return await order();
    } finally {
      if (this.actors.get(channelOrId) === actor) this.actors.delete(channelOrId);
    }
  }

  /** The member of an event that says who did it; none where it just happened. */
  of(channelOrId: string): { readonly actor?: JsonValue } {
    const actor = this.actors.get(channelOrId);
    return actor === undefined ? {} : actedBy(actor);
  }
}
