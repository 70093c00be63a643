import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { StreamctlError } from '../base/errors.ts';

/** What AMF0 can say (AMF0 §2). Read objects have no prototype, so that a property may have any name. */
export type AmfValue = number | boolean | string | null | undefined | Date | AmfObject | AmfValue[];
export interface AmfObject {
  [name: string]: AmfValue;
}

const marker = {
  number: 0x00,
  boolean: 0x01,
  string: 0x02,
  object: 0x03,
  null: 0x05,
  undefined: 0x06,
  reference: 0x07,
  ecmaArray: 0x08,
  objectEnd: 0x09,
  strictArray: 0x0a,
  date: 0x0b,
  longString: 0x0c,
  unsupported: 0x0d,
  xmlDocument: 0x0f,
  typedObject: 0x10,
} as const;

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Limits of one message, far above what encoders send. */
export const amfLimits = { sizeBytes: 65_536, depth: 16, properties: 1024 } as const;

/**
 * Reads the values of one message. ECMA arrays with a wrong count, and objects whose end marker is missing at the end of the
 * data, are accepted: encoders send both. Throws AMF_INVALID, or BYTES_SHORT when a value is cut.
 */
export class AmfReader {
  private readonly reader: ByteReader;
  private readonly complex: AmfValue[] = [];
  private properties = 0;
  private depth = 0;

  constructor(bytes: Uint8Array) {
    if (bytes.length > amfLimits.sizeBytes) throw invalid(`more than ${amfLimits.sizeBytes} bytes`);
    this.reader = new ByteReader(bytes);
  }

  get isAtEnd(): boolean {
    return this.reader.remaining === 0;
  }

  value(): AmfValue {
    const { reader } = this;
    const type = reader.u8();
    switch (type) {
      case marker.number:
        return reader.f64();
      case marker.boolean:
        return reader.u8() !== 0;
      case marker.string:
        return this.text(reader.u16());
      case marker.longString:
      case marker.xmlDocument:
        return this.text(reader.u32());
      case marker.null:
        return null;
      case marker.undefined:
      case marker.unsupported:
        return undefined;
      case marker.date:
        return this.date();
      case marker.reference:
        return this.reference();
      case marker.typedObject:
        this.text(reader.u16());
        return this.object();
      case marker.ecmaArray:
        reader.skip(4);
        return this.object();
      case marker.object:
        return this.object();
      case marker.strictArray:
        return this.array();
      default:
        throw invalid(`value type 0x${type.toString(16)}`);
    }
  }

  private text(sizeBytes: number): string {
    return utf8.decode(this.reader.slice(sizeBytes));
  }

  private date(): Date {
    const milliseconds = this.reader.f64();
    this.reader.skip(2); // a time zone nobody may use (§2.13)
    return new Date(milliseconds);
  }

  /** Only to an object that is complete: a circle would be a trap for whoever walks it. */
  private reference(): AmfValue {
    const index = this.reader.u16();
    const value = this.complex[index];
    if (value === undefined) throw invalid(`a reference to object ${index}, which is not complete`);
    return value;
  }

  private object(): AmfObject {
    const object: AmfObject = Object.create(null);
    const index = this.complex.push(undefined) - 1;
    this.enter();
    while (this.reader.remaining > 0) {
      const nameBytes = this.reader.u16();
      if (nameBytes === 0 && this.skipEndMarker()) break;
      this.countProperty();
      const name = this.text(nameBytes);
      object[name] = this.value();
    }
    this.depth--;
    this.complex[index] = object;
    return object;
  }

  private skipEndMarker(): boolean {
    const { reader } = this;
    if (reader.remaining > 0 && reader.bytes[reader.offset] !== marker.objectEnd) return false;
    if (reader.remaining > 0) reader.skip(1);
    return true;
  }

  private array(): AmfValue[] {
    const count = this.reader.u32();
    const values: AmfValue[] = [];
    const index = this.complex.push(undefined) - 1;
    this.enter();
    for (let i = 0; i < count; i++) {
      this.countProperty();
      values.push(this.value());
    }
    this.depth--;
    this.complex[index] = values;
    return values;
  }

  private enter(): void {
    if (++this.depth > amfLimits.depth) throw invalid(`nested deeper than ${amfLimits.depth}`);
  }

  private countProperty(): void {
    if (++this.properties > amfLimits.properties) throw invalid(`more than ${amfLimits.properties} properties`);
  }
}

/** Writes values one after another. Throws AMF_INVALID for what AmfReader would not read back. */
export class AmfWriter {
  private readonly writer = new ByteWriter();
  private depth = 0;

  value(value: AmfValue): this {
    const { writer } = this;
    if (writer.length > amfLimits.sizeBytes) throw invalid(`more than ${amfLimits.sizeBytes} bytes`);
    if (value === null) writer.u8(marker.null);
    else if (value === undefined) writer.u8(marker.undefined);
    else if (typeof value === 'number') writer.u8(marker.number).f64(value);
    else if (typeof value === 'boolean') writer.u8(marker.boolean).u8(value ? 1 : 0);
    else if (typeof value === 'string') this.string(value);
    else if (value instanceof Date) writer.u8(marker.date).f64(value.getTime()).u16(0);
    else if (Array.isArray(value)) this.array(value);
    else this.properties(writer.u8(marker.object), value);
    return this;
  }

  /** The form metadata usually has (§2.10). */
  ecmaArray(value: AmfObject): this {
    this.properties(this.writer.u8(marker.ecmaArray).u32(Object.keys(value).length), value);
    return this;
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    if (this.writer.length > amfLimits.sizeBytes) throw invalid(`more than ${amfLimits.sizeBytes} bytes`);
    return this.writer.toBytes();
  }

  private string(value: string): void {
    const bytes = new TextEncoder().encode(value);
    if (bytes.length <= 0xffff) this.writer.u8(marker.string).u16(bytes.length);
    else this.writer.u8(marker.longString).u32(bytes.length);
    this.writer.bytes(bytes);
  }

  private array(values: AmfValue[]): void {
    this.enter();
    this.writer.u8(marker.strictArray).u32(values.length);
    for (const value of values) this.value(value);
    this.depth--;
  }

  private properties(writer: ByteWriter, value: AmfObject): void {
    this.enter();
    for (const [name, property] of Object.entries(value)) {
      const bytes = new TextEncoder().encode(name);
      if (bytes.length > 0xffff) throw invalid('a property name of more than 65,535 bytes');
      writer.u16(bytes.length).bytes(bytes);
      this.value(property);
    }
    writer.u16(0).u8(marker.objectEnd);
    this.depth--;
  }

  private enter(): void {
    if (++this.depth > amfLimits.depth) throw invalid(`nested deeper than ${amfLimits.depth}`);
  }
}

function invalid(reason: string): StreamctlError {
  return new StreamctlError('AMF_INVALID', { reason });
}
