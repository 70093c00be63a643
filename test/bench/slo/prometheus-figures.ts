interface Sample {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

/** What `/metrics` said at one moment, in the text format of Prometheus. */
export class PrometheusFigures {
  private readonly samples: readonly Sample[];

  constructor(text: string) {
    this.samples = text.split('\n').flatMap((line) => {
      const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      return name === '' ? [] : [{ name, labels, value: Number(value) }];
    });
  }

  static async of(httpUrl: string): Promise<PrometheusFigures> {
    return new PrometheusFigures(await (await fetch(`${httpUrl}/metrics`)).text());
  }

  /** Sum of the series whose labels have all of these in them: `format="ll"`, or the beginning of one: `code="5`. */
  sum(name: string, ...labels: readonly string[]): number {
    return this.samples
      .filter((sample) => sample.name === `streamctl_${name}` && labels.every((label) => sample.labels.includes(label)))
      .reduce((total, { value }) => total + value, 0);
  }
}

/** What has been added from one moment to another. */
export class PrometheusSpan {
  private readonly before: PrometheusFigures;
  private readonly after: PrometheusFigures;

  constructor(before: PrometheusFigures, after: PrometheusFigures) {
    this.before = before;
    this.after = after;
  }

  increase(name: string, ...labels: readonly string[]): number {
    return this.after.sum(name, ...labels) - this.before.sum(name, ...labels);
  }

  /** Mean of a histogram of seconds, in ms. */
  meanMs(name: string, ...labels: readonly string[]): number {
    return (1000 * this.increase(`${name}_sum`, ...labels)) / this.increase(`${name}_count`, ...labels);
  }

  /** Share of what a histogram counted that is no more than `bound`, the end of one of its buckets. */
  shareWithin(name: string, bound: number, ...labels: readonly string[]): number {
    const within = this.increase(`${name}_bucket`, `le="${bound}"`, ...labels);
    return within / this.increase(`${name}_count`, ...labels);
  }
}
