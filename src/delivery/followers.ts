/** Answers under way that grow with a rendition: told when something has become of it, and nothing of the others. */
export class Followers {
  private readonly byRendition = new Map<string, Set<() => void>>();

  /** The returned function takes it away again. */
  add(rendition: string, follower: () => void): () => void {
    let followers = this.byRendition.get(rendition);
    if (followers === undefined) {
      followers = new Set();
      this.byRendition.set(rendition, followers);
    }
    followers.add(follower);
    return () => {
      followers.delete(follower);
      if (followers.size === 0 && this.byRendition.get(rendition) === followers) this.byRendition.delete(rendition);
    };
  }

  tell(rendition: string): void {
    const followers = this.byRendition.get(rendition);
    if (followers === undefined) return;
    for (const follower of [...followers]) follower();
  }

  tellAll(): void {
    for (const rendition of [...this.byRendition.keys()]) this.tell(rendition);
  }
}
