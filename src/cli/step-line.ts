/** Where progress is told. */
export interface StepOutput {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/** Tells what is being done, on one line of a terminal that changes; elsewhere nobody is waiting, and nothing is told. */
export class StepLine {
  private readonly output: StepOutput;

  constructor(output: StepOutput) {
    this.output = output;
  }

  show(text: string): void {
    if (this.output.isTTY === true) this.output.write(`\r\x1b[K${text} …`);
  }

  clear(): void {
    if (this.output.isTTY === true) this.output.write('\r\x1b[K');
  }
}
