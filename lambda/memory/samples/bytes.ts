/** Numbers as bytes: seven bits a byte, the least first, the eighth says that more follow. Pure. */

/** Grows as it is written to. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  /** @param about how many bytes will be written */
  constructor(about = 2_048) {
    this.#bytes = new Uint8Array(about);
  }

  get length(): number {
    return this.#length;
  }

  /** Forgets what was written, and keeps the room. */
  clear(): void {
    this.#length = 0;
  }

  /** @param value a whole number from 0 to 2^53 - 1 */
  unsigned(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** What was written, where it is: valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy of what was written. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** Reads what a {@link ByteWriter} wrote. Past the end everything reads as 0, and `failed` is true from then on. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #offset = 0;
  failed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  /** How many bytes were read. */
  get offset(): number {
    return this.#offset;
  }

  /** @param most what a larger number fails at */
  unsigned(most: number): number {
    let value = 0;
    let scale = 1;
    for (let n = 0; n < 8 && this.#offset < this.#bytes.length; n++) {
      const byte = this.#bytes[this.#offset++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value <= most ? value : this.#fail();
      scale *= 0x80;
    }
    return this.#fail();
  }

  /** The next bytes where they are, not copied. */
  raw(length: number): Uint8Array {
    if (length > this.left) {
      this.#fail();
      return new Uint8Array();
    }
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }

  #fail(): 0 {
    this.failed = true;
    this.#offset = this.#bytes.length;
    return 0;
  }
}
