import { WireError } from "../errors.ts";
import { MAX_PATH_BYTES } from "../limits.ts";
import { readVarint, varintLength, writeVarint } from "./varint.ts";

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Builds one message body; fields are appended in order. */
export class BodyWriter {
	#parts: Uint8Array[] = [];
	#length = 0;

	bytes(part: Uint8Array): this {
		this.#parts.push(part);
		this.#length += part.length;
		return this;
	}
	u8(value: number): this {
		if (!Number.isInteger(value) || value < 0 || value > 255) throw new RangeError(`a byte is 0..255, not ${value}`);
		return this.bytes(Uint8Array.of(value));
	}
	u16(value: number): this {
		return this.bytes(Uint8Array.of((value >> 8) & 0xff, value & 0xff));
	}
	varint(value: number): this {
		const bytes = new Uint8Array(varintLength(value));
		writeVarint(bytes, 0, value);
		return this.bytes(bytes);
	}
	string(value: string): this {
		const bytes = utf8.encode(value);
		return this.varint(bytes.length).bytes(bytes);
	}
	finish(): Uint8Array<ArrayBuffer> {
		const out = new Uint8Array(this.#length);
		let offset = 0;
		for (const part of this.#parts) {
			out.set(part, offset);
			offset += part.length;
		}
		return out;
	}
}

/** Reads one complete message body; every method throws WireError when the body is too short or malformed. */
export class BodyReader {
	#bytes: Uint8Array;
	#offset = 0;
	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
	}
	get remaining(): number {
		return this.#bytes.length - this.#offset;
	}
	u8(): number {
		const value = this.#bytes[this.#offset];
		if (value === undefined) throw new WireError("protocol-violation", "message ends inside a field");
		this.#offset += 1;
		return value;
	}
	varint(): number {
		let read: ReturnType<typeof readVarint>;
		try {
			read = readVarint(this.#bytes, this.#offset);
		} catch (cause) {
			throw new WireError("protocol-violation", (cause as Error).message);
		}
		if (!read) throw new WireError("protocol-violation", "message ends inside a varint");
		this.#offset = read.next;
		return read.value;
	}
	bytes(length: number): Uint8Array {
		if (length > this.remaining) throw new WireError("protocol-violation", "message ends inside a field");
		const out = this.#bytes.subarray(this.#offset, this.#offset + length);
		this.#offset += length;
		return out;
	}
	/** UTF-8 text of at most `maxBytes`; invalid UTF-8 is refused rather than replaced, so two names never merge. */
	string(maxBytes = MAX_PATH_BYTES): string {
		const length = this.varint();
		if (length > maxBytes) throw new WireError("too-large", `text of ${length} bytes, at most ${maxBytes}`);
		try {
			return strictUtf8.decode(this.bytes(length));
		} catch (cause) {
			if (cause instanceof WireError) throw cause;
			throw new WireError("protocol-violation", "text is not UTF-8");
		}
	}
	/** Asserts that nothing is left: trailing bytes mean that the two sides disagree about the message. */
	end(): void {
		if (this.remaining > 0) throw new WireError("protocol-violation", `${this.remaining} bytes after the message`);
	}
}

/** A peer that sends byte by byte must not make each cost an object, nor the taking of them the square of their number. */
const MAX_CHUNKS = 1024;

/**
 * Bytes that arrived and were not consumed yet. `take…` methods return `undefined` until enough has arrived; they never
 * consume half a value. What they return is a view that stays valid (chunks are never reused).
 */
export class Incoming {
	#chunks: Uint8Array[] = [];
	#head = 0;
	#length = 0;

	/** Bytes held. */
	get length(): number {
		return this.#length;
	}
	push(chunk: Uint8Array): void {
		if (chunk.length === 0) return;
		if (this.#chunks.length >= MAX_CHUNKS) this.#merge();
		this.#chunks.push(chunk);
		this.#length += chunk.length;
	}
	#merge(): void {
		this.#chunks = [this.#peek(this.#length)];
		this.#head = 0;
	}
	takeU8(): number | undefined {
		return this.takeBytes(1)?.[0];
	}
	takeU16(): number | undefined {
		const bytes = this.takeBytes(2);
		return bytes && bytes[0]! * 256 + bytes[1]!;
	}
	takeVarint(): number | undefined {
		const first = this.#chunks[0]?.[this.#head];
		if (first === undefined) return undefined;
		const bytes = this.takeBytes(1 << (first >> 6));
		if (!bytes) return undefined;
		try {
			return readVarint(bytes, 0)!.value;
		} catch (cause) {
			throw new WireError("protocol-violation", (cause as Error).message);
		}
	}
	/** A varint length and that many bytes; refused as soon as the length is known to exceed `maxBytes`. */
	takeMessage(maxBytes: number): Uint8Array | undefined {
		const header = this.#peek(8);
		let read: ReturnType<typeof readVarint>;
		try {
			read = readVarint(header, 0);
		} catch (cause) {
			throw new WireError("too-large", (cause as Error).message);
		}
		if (!read) return undefined;
		if (read.value > maxBytes) throw new WireError("too-large", `message of ${read.value} bytes, at most ${maxBytes}`);
		if (this.#length < read.next + read.value) return undefined;
		this.takeBytes(read.next);
		return this.takeBytes(read.value);
	}
	takeBytes(length: number): Uint8Array | undefined {
		if (this.#length < length) return undefined;
		if (length === 0) return new Uint8Array(0);
		const first = this.#chunks[0]!;
		if (first.length - this.#head >= length) {
			const out = first.subarray(this.#head, this.#head + length);
			this.#advance(length);
			return out;
		}
		const out = new Uint8Array(length);
		let filled = 0;
		while (filled < length) {
			const chunk = this.#chunks[0]!;
			const part = chunk.subarray(this.#head, this.#head + Math.min(chunk.length - this.#head, length - filled));
			out.set(part, filled);
			filled += part.length;
			this.#advance(part.length);
		}
		return out;
	}
	#advance(length: number): void {
		this.#head += length;
		this.#length -= length;
		if (this.#head === this.#chunks[0]!.length) {
			this.#chunks.shift();
			this.#head = 0;
		}
	}
	#peek(length: number): Uint8Array {
		const first = this.#chunks[0];
		if (first && first.length - this.#head >= length) return first.subarray(this.#head, this.#head + length);
		const out = new Uint8Array(Math.min(length, this.#length));
		let filled = 0;
		let head = this.#head;
		for (const chunk of this.#chunks) {
			const part = chunk.subarray(head, head + out.length - filled);
			out.set(part, filled);
			filled += part.length;
			head = 0;
			if (filled === out.length) break;
		}
		return out;
	}
}
