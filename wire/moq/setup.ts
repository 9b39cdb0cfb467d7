import { WireError } from "../errors.ts";
import { MAX_SETUP_BYTES } from "../limits.ts";
import { BodyReader, BodyWriter, type Incoming } from "./bytes.ts";

/** First varint of the bidirectional stream that carries the handshake. */
export const CLIENT_SETUP = 0x20;
export const SERVER_SETUP = 0x21;

/** Version numbers as they stand on the wire. */
export const Version = { Lite02: 0xff0dad02, Lite01: 0xff0dad01, Draft14: 0xff00000e } as const;

/** A parameter of the handshake: an even id carries an integer, an odd id bytes (moq-transport draft-14, section 8). */
export type SetupParameter = { id: number; value: number | Uint8Array };

export interface ClientSetup {
	/** Versions offered, in order of preference. */
	versions: readonly number[];
	parameters: readonly SetupParameter[];
}
export interface ServerSetup {
	version: number;
	parameters: readonly SetupParameter[];
}

/** What every client of ours offers: the version that it speaks, then those that foreign servers recognise the form by. */
export const OFFERED_VERSIONS = [Version.Lite02, Version.Lite01, Version.Draft14] as const;

function writeParameters(body: BodyWriter, parameters: readonly SetupParameter[]): void {
	body.varint(parameters.length);
	for (const { id, value } of parameters) {
		body.varint(id);
		if (typeof value === "number") {
			if (id % 2 !== 0) throw new RangeError(`setup parameter ${id} is odd and carries bytes`);
			body.varint(value);
		} else {
			if (id % 2 === 0) throw new RangeError(`setup parameter ${id} is even and carries an integer`);
			body.varint(value.length).bytes(value);
		}
	}
}

function readParameters(body: BodyReader): SetupParameter[] {
	const count = body.varint();
	const parameters: SetupParameter[] = [];
	for (let i = 0; i < count; i++) {
		const id = body.varint();
		parameters.push({ id, value: id % 2 === 0 ? body.varint() : body.bytes(body.varint()) });
	}
	return parameters;
}

/** Type varint, then a length of two big-endian bytes (not a varint), then the body. */
function frameSetup(type: number, body: BodyWriter): Uint8Array<ArrayBuffer> {
	const bytes = body.finish();
	return new BodyWriter().varint(type).u16(bytes.length).bytes(bytes).finish();
}

export function encodeClientSetup({ versions, parameters }: ClientSetup): Uint8Array<ArrayBuffer> {
	const body = new BodyWriter().varint(versions.length);
	for (const version of versions) body.varint(version);
	writeParameters(body, parameters);
	return frameSetup(CLIENT_SETUP, body);
}

export function encodeServerSetup({ version, parameters }: ServerSetup): Uint8Array<ArrayBuffer> {
	const body = new BodyWriter().varint(version);
	writeParameters(body, parameters);
	return frameSetup(SERVER_SETUP, body);
}

function readClientSetup(bytes: Uint8Array): ClientSetup {
	const body = new BodyReader(bytes);
	const count = body.varint();
	const versions: number[] = [];
	for (let i = 0; i < count; i++) versions.push(body.varint());
	const parameters = readParameters(body);
	body.end();
	return { versions, parameters };
}

function readServerSetup(bytes: Uint8Array): ServerSetup {
	const body = new BodyReader(bytes);
	const version = body.varint();
	const parameters = readParameters(body);
	body.end();
	return { version, parameters };
}

/** Incremental: call with what has arrived until it returns the message. The type varint is included. */
export class SetupDecoder<M extends ClientSetup | ServerSetup> {
	#type: number;
	#read: (bytes: Uint8Array) => M;
	#seen: { type?: number | undefined; length?: number | undefined } = {};

	private constructor(type: number, read: (bytes: Uint8Array) => M) {
		this.#type = type;
		this.#read = read;
	}
	static client(): SetupDecoder<ClientSetup> {
		return new SetupDecoder(CLIENT_SETUP, readClientSetup);
	}
	static server(): SetupDecoder<ServerSetup> {
		return new SetupDecoder(SERVER_SETUP, readServerSetup);
	}
	decode(incoming: Incoming): M | undefined {
		this.#seen.type ??= incoming.takeVarint();
		if (this.#seen.type === undefined) return undefined;
		if (this.#seen.type !== this.#type) {
			throw new WireError("protocol-violation", `stream type ${this.#seen.type} where ${this.#type} opens a session`);
		}
		this.#seen.length ??= incoming.takeU16();
		if (this.#seen.length === undefined) return undefined;
		if (this.#seen.length > MAX_SETUP_BYTES) {
			throw new WireError("too-large", `setup of ${this.#seen.length} bytes, at most ${MAX_SETUP_BYTES}`);
		}
		const bytes = incoming.takeBytes(this.#seen.length);
		return bytes && this.#read(bytes);
	}
}
