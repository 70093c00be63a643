import { StreamctlError } from '../base/errors.ts';

/** Reads bits, most significant first, and Exp-Golomb codes (ISO/IEC 14496-10 §9.1). Throws MEDIA_MALFORMED past the end. */
export class BitReader {
  private readonly bytes: Uint8Array;
  private readonly what: string;
  private position = 0;

  /** `what` names the structure in errors: "H.264 SPS". */
  constructor(bytes: Uint8Array, what: string) {
    this.bytes = bytes;
    this.what = what;
  }

  get remainingBits(): number {
    return this.bytes.length * 8 - this.position;
  }

  bit(): number {
    const byte = this.bytes[this.position >> 3];
    if (byte === undefined) throw new StreamctlError('MEDIA_MALFORMED', { what: this.what, why: 'it ends early' });
    const value = (byte >> (7 - (this.position & 7))) & 1;
    this.position++;
    return value;
  }

  flag(): boolean {
    return this.bit() === 1;
  }

  /** An unsigned integer of up to 32 bits. */
  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.bit();
    return value;
  }

  skip(count: number): void {
    if (count > this.remainingBits) {
      throw new StreamctlError('MEDIA_MALFORMED', { what: this.what, why: 'it ends early' });
    }
    this.position += count;
  }

  /** ue(v). */
  ue(): number {
    let zeros = 0;
    while (this.bit() === 0) {
      if (++zeros > 31) throw new StreamctlError('MEDIA_MALFORMED', { what: this.what, why: 'a number is too large' });
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** se(v). */
  se(): number {
    const code = this.ue();
    return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
  }
}
