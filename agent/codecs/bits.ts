/** Reads bits, most significant first; throws RangeError past the end. */
export class BitReader {
	#bytes: Uint8Array;
	#at = 0;
	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
	}
	/** Bits read so far. */
	get position(): number {
		return this.#at;
	}
	get bitsLeft(): number {
		return this.#bytes.length * 8 - this.#at;
	}
	/** `count` ≤ 32 bits as a whole number. */
	bits(count: number): number {
		if (count > this.bitsLeft) throw new RangeError("ends inside a value");
		let value = 0;
		for (let n = 0; n < count; n++) {
			value = value * 2 + ((this.#bytes[this.#at >> 3]! >> (7 - (this.#at & 7))) & 1);
			this.#at += 1;
		}
		return value;
	}
	/** The next `count` bits, which are read again; -1 where there are not so many. */
	peek(count: number): number {
		if (count > this.bitsLeft) return -1;
		const value = this.bits(count);
		this.#at -= count;
		return value;
	}
	flag(): boolean {
		return this.bits(1) === 1;
	}
	/** Passes over bits, however many. */
	skip(count: number): void {
		if (count < 0 || count > this.bitsLeft) throw new RangeError("ends inside a value");
		this.#at += count;
	}
	/** `count` whole bytes, wherever they begin. */
	bytes(count: number): Uint8Array {
		if (count * 8 > this.bitsLeft) throw new RangeError("ends inside a value");
		const start = this.#at >> 3;
		const shift = this.#at & 7;
		this.#at += count * 8;
		if (shift === 0) return this.#bytes.slice(start, start + count);
		return Uint8Array.from({ length: count }, (_, n) => {
			const at = start + n;
			return ((this.#bytes[at]! << shift) | (this.#bytes[at + 1]! >> (8 - shift))) & 0xff;
		});
	}
	/** The bits from that position to here, filled with zeros to a whole byte. */
	since(position: number): Uint8Array {
		const copy = new BitReader(this.#bytes);
		copy.#at = position;
		const bytes = copy.bytes((this.#at - position) >> 3);
		const rest = this.#at - copy.#at;
		return rest === 0 ? bytes : Uint8Array.of(...bytes, copy.bits(rest) << (8 - rest));
	}
	/** Exp-Golomb, unsigned (H.264, section 9.1). */
	ue(): number {
		let zeros = 0;
		while (this.bits(1) === 0) {
			zeros += 1;
			if (zeros > 32) throw new RangeError("no exp-golomb value");
		}
		return 2 ** zeros - 1 + this.bits(zeros);
	}
	/** Exp-Golomb, signed. */
	se(): number {
		const value = this.ue();
		return value % 2 === 0 ? -value / 2 : (value + 1) / 2;
	}
}

/** Writes bits, most significant first. */
export class BitWriter {
	#bits: number[] = [];
	/** The lowest `count` ≤ 32 bits of `value`. */
	bits(value: number, count: number): void {
		for (let n = count - 1; n >= 0; n--) this.#bits.push(Math.floor(value / 2 ** n) % 2);
	}
	/** Exp-Golomb, unsigned. */
	ue(value: number): void {
		const length = Math.floor(Math.log2(value + 1));
		this.bits(0, length);
		this.bits(value + 1, length + 1);
	}
	/** All so far, filled with zeros to a whole byte. */
	bytes(): Uint8Array {
		const bytes = new Uint8Array(Math.ceil(this.#bits.length / 8));
		for (const [at, bit] of this.#bits.entries()) bytes[at >> 3]! |= bit << (7 - (at & 7));
		return bytes;
	}
}

/** What `read` gives, or undefined where the bytes end inside a value. */
export function tolerant<T>(read: () => T): T | undefined {
	try {
		return read();
	} catch (error) {
		if (error instanceof RangeError) return undefined;
		throw error;
	}
}

/** Removes emulation prevention: `00 00 03` stands for `00 00` inside a NAL unit. */
export function unescapeNal(nal: Uint8Array): Uint8Array {
	const out = new Uint8Array(nal.length);
	let length = 0;
	let zeros = 0;
	for (const byte of nal) {
		if (zeros >= 2 && byte === 3) {
			zeros = 0;
			continue;
		}
		zeros = byte === 0 ? zeros + 1 : 0;
		out[length++] = byte;
	}
	return out.subarray(0, length);
}

/** The other way round: nothing inside a NAL unit may look like a start code. */
export function escapeNal(bytes: Uint8Array): Uint8Array {
	const out: number[] = [];
	let zeros = 0;
	for (const byte of bytes) {
		if (zeros >= 2 && byte <= 3) {
			out.push(3);
			zeros = 0;
		}
		zeros = byte === 0 ? zeros + 1 : 0;
		out.push(byte);
	}
	return Uint8Array.from(out);
}
