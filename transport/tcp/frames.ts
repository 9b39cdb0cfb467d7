import { WireError } from "@mivisus/wire/errors";
import { BodyReader, BodyWriter } from "@mivisus/wire/moq/bytes";
import { varintLength, writeVarint } from "@mivisus/wire/moq/varint";

/**
 * QMux (draft-ietf-quic-qmux-02): QUIC's streams and flow control over one reliable connection. On a WebSocket each message
 * is one record, and a record holds whole frames, most of them QUIC's own (RFC 9000, section 19). Datagrams are not used.
 */

/** A record that any peer takes, bytes (draft-01 onwards). */
export const USUAL_RECORD_BYTES = 16_382;
/** What peers of the field take in one STREAM frame, whatever they say about records (`@moq/qmux`: MAX_FRAME_PAYLOAD). */
export const MAX_STREAM_PAYLOAD_BYTES = 16_352;
/** The header of a STREAM frame is never longer: type, id, offset, length. */
export const MAX_STREAM_HEADER_BYTES = 1 + 8 + 8 + 4;

const Type = {
	padding: 0x00,
	resetStream: 0x04,
	stopSending: 0x05,
	stream: 0x08,
	maxData: 0x10,
	maxStreamData: 0x11,
	maxStreamsBidi: 0x12,
	maxStreamsUni: 0x13,
	dataBlocked: 0x14,
	streamDataBlocked: 0x15,
	streamsBlockedBidi: 0x16,
	streamsBlockedUni: 0x17,
	connectionClose: 0x1c,
	applicationClose: 0x1d,
} as const;
const OFFSET_BIT = 0x04;
const LENGTH_BIT = 0x02;
const FIN_BIT = 0x01;
/** Types and ids of eight bytes, as they stand on the wire. */
const PARAMETERS = "ff5153300d0a0d0a";
const PING_REQUEST = "f48c67529ef8c7bd";
const PING_RESPONSE = "f48c67529ef8c7be";
const MAX_RECORD_SIZE = "c571c59429cd0845";

/** What one side allows the other; bytes but for the counts of streams and the time. */
export interface TransportParameters {
	/** ms; 0: none. */
	maxIdleTimeout: number;
	maxData: number;
	maxStreamDataBidiLocal: number;
	maxStreamDataBidiRemote: number;
	maxStreamDataUni: number;
	maxStreamsBidi: number;
	maxStreamsUni: number;
	maxRecordSize: number;
}
/** Each parameter's id in QUIC's registry (RFC 9000, section 18.2); the record's size has one of eight bytes. */
const PARAMETER_IDS = {
	maxIdleTimeout: 0x01,
	maxData: 0x04,
	maxStreamDataBidiLocal: 0x05,
	maxStreamDataBidiRemote: 0x06,
	maxStreamDataUni: 0x07,
	maxStreamsBidi: 0x08,
	maxStreamsUni: 0x09,
} as const;
type NumberedParameter = keyof typeof PARAMETER_IDS;
const NUMBERED = Object.entries(PARAMETER_IDS) as [NumberedParameter, number][];

export type Frame =
	| { type: "stream"; id: number; offset: number; data: Uint8Array; fin: boolean }
	| { type: "reset-stream"; id: number; code: number; finalSize: number }
	| { type: "stop-sending"; id: number; code: number }
	| { type: "max-data"; max: number }
	| { type: "max-stream-data"; id: number; max: number }
	| { type: "max-streams"; bidi: boolean; max: number }
	/** `application`: an orderly end; otherwise the other side found a fault of this one. */
	| { type: "close"; application: boolean; code: number; reason: string }
	| { type: "parameters"; parameters: TransportParameters }
	| { type: "ping"; response: boolean; sequence: number };

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const utf8 = new TextEncoder();
const lenientUtf8 = new TextDecoder();

/** Writes the header of a STREAM frame with offset and length; returns the offset after it. */
export function writeStreamHeader(
	target: Uint8Array,
	at: number,
	{ id, offset, length, fin }: { id: number; offset: number; length: number; fin: boolean },
): number {
	target[at] = Type.stream | OFFSET_BIT | LENGTH_BIT | (fin ? FIN_BIT : 0);
	return writeVarint(target, writeVarint(target, writeVarint(target, at + 1, id), offset), length);
}

/** Several pieces as one. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
	if (parts.length === 1) return parts[0]!;
	const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		bytes.set(part, at);
		at += part.length;
	}
	return bytes;
}

/** One frame but a STREAM's data, which {@link writeStreamHeader} and a copy make. */
export function encodeFrame(frame: Frame): Uint8Array {
	const body = new BodyWriter();
	switch (frame.type) {
		case "stream": {
			const header = new Uint8Array(MAX_STREAM_HEADER_BYTES);
			const { id, offset, fin, data } = frame;
			return body
				.bytes(header.subarray(0, writeStreamHeader(header, 0, { id, offset, fin, length: data.length })))
				.bytes(data)
				.finish();
		}
		case "reset-stream":
			return body.varint(Type.resetStream).varint(frame.id).varint(frame.code).varint(frame.finalSize).finish();
		case "stop-sending":
			return body.varint(Type.stopSending).varint(frame.id).varint(frame.code).finish();
		case "max-data":
			return body.varint(Type.maxData).varint(frame.max).finish();
		case "max-stream-data":
			return body.varint(Type.maxStreamData).varint(frame.id).varint(frame.max).finish();
		case "max-streams":
			return body
				.varint(frame.bidi ? Type.maxStreamsBidi : Type.maxStreamsUni)
				.varint(frame.max)
				.finish();
		case "close":
			body.varint(frame.application ? Type.applicationClose : Type.connectionClose).varint(frame.code);
			// Which frame was at fault is not told; 0 says so.
			if (!frame.application) body.varint(0);
			return body.string(frame.reason).finish();
		case "parameters": {
			const payload = encodeParameters(frame.parameters);
			return body.bytes(unhex(PARAMETERS)).varint(payload.length).bytes(payload).finish();
		}
		case "ping":
			return body
				.bytes(unhex(frame.response ? PING_RESPONSE : PING_REQUEST))
				.varint(frame.sequence)
				.finish();
	}
}

function encodeParameters(parameters: TransportParameters): Uint8Array {
	const body = new BodyWriter();
	for (const [name, id] of NUMBERED) {
		const value = parameters[name];
		if (value > 0) body.varint(id).varint(varintLength(value)).varint(value);
	}
	const size = parameters.maxRecordSize;
	return body.bytes(unhex(MAX_RECORD_SIZE)).varint(varintLength(size)).varint(size).finish();
}

/** The frames of one record, in order; data is a view of `record`. Throws WireError for what no peer may send. */
export function decodeRecord(record: Uint8Array): Frame[] {
	const reader = new RecordReader(record);
	const frames: Frame[] = [];
	while (reader.remaining > 0) {
		const frame = reader.isWide ? decodeWide(reader) : decodeFrame(reader);
		if (frame) frames.push(frame);
	}
	return frames;
}

class RecordReader extends BodyReader {
	#record: Uint8Array;
	constructor(record: Uint8Array) {
		super(record);
		this.#record = record;
	}
	/** Whether a varint of eight bytes follows. */
	get isWide(): boolean {
		return this.#record[this.#record.length - this.remaining]! >= 0xc0;
	}
	/** A varint; what is larger than a number can count is as good as endless. */
	limit(): number {
		if (!this.isWide) return this.varint();
		const bytes = this.bytes(8);
		const value = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0) & 0x3fff_ffff_ffff_ffffn;
		return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
	}
}

function decodeWide(reader: RecordReader): Frame | undefined {
	const type = hex(reader.bytes(8));
	if (type === PARAMETERS) {
		return { type: "parameters", parameters: decodeParameters(reader.bytes(reader.varint())) };
	}
	if (type !== PING_REQUEST && type !== PING_RESPONSE) throw unknown(type);
	return { type: "ping", response: type === PING_RESPONSE, sequence: reader.limit() };
}

function decodeFrame(reader: RecordReader): Frame | undefined {
	const type = reader.varint();
	if (type >= Type.stream && type < Type.stream + 8) {
		const id = reader.varint();
		const offset = type & OFFSET_BIT ? reader.varint() : 0;
		const data = reader.bytes(type & LENGTH_BIT ? reader.varint() : reader.remaining);
		return { type: "stream", id, offset, data, fin: (type & FIN_BIT) !== 0 };
	}
	switch (type) {
		case Type.padding:
			return undefined;
		case Type.resetStream:
			return { type: "reset-stream", id: reader.varint(), code: reader.limit(), finalSize: reader.limit() };
		case Type.stopSending:
			return { type: "stop-sending", id: reader.varint(), code: reader.limit() };
		case Type.maxData:
			return { type: "max-data", max: reader.limit() };
		case Type.maxStreamData:
			return { type: "max-stream-data", id: reader.varint(), max: reader.limit() };
		case Type.maxStreamsBidi:
		case Type.maxStreamsUni:
			return { type: "max-streams", bidi: type === Type.maxStreamsBidi, max: reader.limit() };
		case Type.streamDataBlocked:
			reader.varint();
			reader.limit();
			return undefined;
		case Type.dataBlocked:
		case Type.streamsBlockedBidi:
		case Type.streamsBlockedUni:
			reader.limit();
			return undefined;
		case Type.connectionClose:
		case Type.applicationClose: {
			const code = reader.limit();
			if (type === Type.connectionClose) reader.limit();
			const reason = lenientUtf8.decode(reader.bytes(reader.varint()));
			return { type: "close", application: type === Type.applicationClose, code, reason };
		}
		default:
			throw unknown(`0x${type.toString(16)}`);
	}
}

function decodeParameters(payload: Uint8Array): TransportParameters {
	const parameters: TransportParameters = {
		maxIdleTimeout: 0,
		maxData: 0,
		maxStreamDataBidiLocal: 0,
		maxStreamDataBidiRemote: 0,
		maxStreamDataUni: 0,
		maxStreamsBidi: 0,
		maxStreamsUni: 0,
		maxRecordSize: USUAL_RECORD_BYTES,
	};
	const names = new Map<string, keyof TransportParameters>(NUMBERED.map(([name, id]) => [String(id), name]));
	names.set(MAX_RECORD_SIZE, "maxRecordSize");
	const seen = new Set<string>();
	const reader = new RecordReader(payload);
	while (reader.remaining > 0) {
		const id = reader.isWide ? hex(reader.bytes(8)) : String(reader.varint());
		const value = reader.bytes(reader.varint());
		const name = names.get(id);
		// Others are extensions, which one may not know (RFC 9000, section 7.4.2).
		if (!name) continue;
		if (seen.has(id)) throw new WireError("protocol-violation", `transport parameter ${id} comes twice`);
		seen.add(id);
		const number = new RecordReader(value);
		parameters[name] = number.limit();
		number.end();
	}
	if (parameters.maxRecordSize < USUAL_RECORD_BYTES) {
		throw new WireError("protocol-violation", `records of ${parameters.maxRecordSize} bytes at most`);
	}
	return parameters;
}

const unknown = (type: string) => new WireError("protocol-violation", `a frame of type ${type}`);

/** QUIC's close reasons are for people who debug; a longer one is cut. */
export const MAX_REASON_BYTES = 1024;
export const cutReason = (reason: string) => lenientUtf8.decode(utf8.encode(reason).subarray(0, MAX_REASON_BYTES));
