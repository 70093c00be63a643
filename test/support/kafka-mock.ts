import { onTestFinished } from 'vitest';
import { Child, run } from './child.ts';
import { until } from './until.ts';

/** A record as a consumer got it. */
export interface ConsumedRecord {
  readonly partition: number;
  readonly key: string;
  readonly value: string;
}

/** librdkafka's mock cluster in a process of its own: a broker that speaks the real protocol and keeps its records in memory. */
export class KafkaMock {
  readonly address: string;
  private readonly child: Child;

  private constructor(child: Child, address: string) {
    this.child = child;
    this.address = address;
  }

  static async start(): Promise<KafkaMock> {
    const args = ['-b', 'unused', '-X', 'test.mock.num.brokers=1', '-d', 'mock', '-C', '-t', 'warm', '-o', 'end'];
    const child = new Child('kcat', args);
    onTestFinished(async () => {
      child.process.kill('SIGCONT');
      await child.stop('SIGKILL');
    });
    const address = await until('the broker listens', () => /bootstrap\.servers=([\d.:]+)/.exec(child.stderr)?.[1]);
    return new KafkaMock(child, address);
  }

  /** It stops to answer, and holds what is sent to it. */
  freeze(): void {
    this.child.process.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.process.kill('SIGCONT');
  }

  /** Everything in a topic, in the order of each partition. */
  async consume(topic: string): Promise<ConsumedRecord[]> {
    const format = '%p\\t%k\\t%s\\n';
    const args = ['-C', '-b', this.address, '-t', topic, '-e', '-q', '-o', 'beginning', '-f', format];
    const { stdout } = await run('kcat', args, { timeoutMs: 20_000 });
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [partition = '', key = '', value = ''] = line.split('\t');
        return { partition: Number(partition), key, value };
      });
  }
}
