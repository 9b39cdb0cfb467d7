import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_BODY_BYTES, MAX_HEADER_BYTES, MAX_RESYNC_BYTES, MAX_RESYNC_MS } from "./limits.ts";
import { encodeMessage, MessageParser, type RtspItem } from "./message.ts";

const bytes = (...parts: (string | number[] | Uint8Array)[]) =>
	new Uint8Array(
		Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part)))),
	);
/** An RTP packet in its frame: payload type 96, sender 7. */
function frame(sequence: number, payload = 20, channel = 0): Buffer {
	const out = Buffer.alloc(4 + 12 + payload, sequence & 0xff);
	out.set([0x24, channel, 0, 0, 0x80, 96]);
	out.writeUInt16BE(12 + payload, 2);
	out.writeUInt16BE(sequence, 6);
	out.writeUInt32BE(7, 12);
	return out;
}
function createParser(now = () => 0) {
	return new MessageParser({
		now,
		isAssigned: (channel) => channel < 2,
		isExpected: (_channel, head) => head[0] === 0x80 && head[1] === 96 && head[11] === 7,
	});
}
const parse = (input: Uint8Array, parser = createParser()) => parser.push(input);
const kinds = (items: RtspItem[]) => items.map(({ kind }) => kind);
const sequences = (items: RtspItem[]) =>
	items.flatMap((item) => (item.kind === "frame" ? [Buffer.from(item.data).readUInt16BE(2)] : []));

const REPLY_401 =
	'RTSP/1.0 401 Unauthorized\r\nCseq: 2\r\nWWW-Authenticate: Basic realm="/"\r\nwww-authenticate: Digest realm="c"\r\n\r\n';

describe("messages", () => {
	it("R05: lines may end with LF alone, or mixed; names in any case, in any order", () => {
		for (const text of [REPLY_401, REPLY_401.replaceAll("\r", ""), REPLY_401.replace("\r", "")]) {
			const [reply] = parse(bytes(text));
			if (reply?.kind !== "reply") throw new Error("no reply");
			expect(reply.status).toBe(401);
			expect(reply.headers.get("cseq")).toBe("2");
			expect(reply.headers.all("www-authenticate")).toEqual(['Basic realm="/"', 'Digest realm="c"']);
		}
	});

	it("a body has the length that Content-length says, and is not read as a message", () => {
		const items = parse(bytes("RTSP/1.0 200 OK\nContent-length: 7\n\n$\0RTSP/RTSP/1.0 404 Not Found\n\n"));
		expect(items.map((item) => item.kind === "reply" && [item.status, new TextDecoder().decode(item.body)])).toEqual([
			[200, "$\0RTSP/"],
			[404, ""],
		]);
	});

	it("R08: requests of the camera come through between frames, also in the run-together spelling", () => {
		const items = parse(
			bytes(
				frame(1),
				"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n",
				frame(2),
				"OPTIONS*RTSP/1.0\r\nCSeq: 2\r\n\r\n",
				"ANNOUNCE rtsp://192.0.2.1/a RTSP/1.0\r\nCSeq: 3\r\nContent-Length: 3\r\n\r\nv=0",
				frame(3),
			),
		);
		expect(items.map((item) => (item.kind === "request" ? `${item.method} ${item.url}` : item.kind))).toEqual([
			"frame",
			"OPTIONS *",
			"frame",
			"OPTIONS *",
			"ANNOUNCE rtsp://192.0.2.1/a",
			"frame",
		]);
	});

	it("any segmentation gives the same messages", () => {
		const stream = bytes(
			REPLY_401,
			frame(1),
			frame(2, 0),
			"\r\n",
			[0x24, 0, 0, 0],
			"RTSP/1.0 200 OK\nContent-Length: 4\n\nabcd",
			frame(3, 1500),
		);
		const whole = parse(stream);
		expect(whole).toHaveLength(5);
		fc.assert(
			fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (sizes) => {
				const parser = createParser();
				const items: RtspItem[] = [];
				for (let at = 0, turn = 0; at < stream.length; turn++) {
					const size = sizes[turn % sizes.length]!;
					items.push(...parser.push(stream.subarray(at, at + size)));
					at += size;
				}
				expect(JSON.stringify(items)).toBe(JSON.stringify(whole));
			}),
		);
	});

	it("what is written is read again, and a line break in a value writes no header", () => {
		const [request] = parse(encodeMessage("DESCRIBE rtsp://a/ RTSP/1.0", [["User-Agent", "x\r\nEvil: 1"]], "body"));
		if (request?.kind !== "request") throw new Error("no request");
		expect([request.method, request.url, request.headers.get("evil")]).toEqual(["DESCRIBE", "rtsp://a/", undefined]);
		expect(new TextDecoder().decode(request.body)).toBe("body");
	});

	it("packets of a dead session on channels that were not set up are left out, and nothing is lost by them", () => {
		const items = parse(bytes(frame(9, 30, 6), "RTSP/1.0 200 OK\r\n\r\n", frame(8, 30, 7), frame(1)));
		expect(kinds(items)).toEqual(["reply", "frame"]);
	});
});

describe("limits", () => {
	const headers = (total: number) => {
		const start = "RTSP/1.0 200 OK\r\nX: ";
		return bytes(start, "a".repeat(total - start.length - 4), "\r\n\r\n");
	};
	it("a header block holds its limit and not a byte more", () => {
		expect(parse(headers(MAX_HEADER_BYTES))).toHaveLength(1);
		expect(() => parse(headers(MAX_HEADER_BYTES + 1))).toThrow("headers longer");
		expect(() => parse(headers(MAX_HEADER_BYTES + 1).subarray(0, -1))).not.toThrow();
		expect(() => parse(bytes("RTSP/1.0 ", "a".repeat(MAX_HEADER_BYTES)))).toThrow("headers longer");
	});
	it("a body holds its limit and not a byte more", () => {
		const reply = (length: number) =>
			bytes(`RTSP/1.0 200 OK\r\nContent-Length: ${length}\r\n\r\n`, new Uint8Array(length));
		expect(parse(reply(MAX_BODY_BYTES))).toHaveLength(1);
		expect(() => parse(reply(MAX_BODY_BYTES + 1))).toThrow("body longer");
	});
	it.each([
		["letters", "A".repeat(16_000)],
		["letters, then spaces", `${"A".repeat(8000)}${" ".repeat(8000)}x`],
		["a status, then spaces", `RTSP/1.0 200${" ".repeat(15_000)}\rx`],
	])("a long line of %s is read in a time that grows with its length, not with its square", (_, line) => {
		const message = bytes(`${line}\nRTSP/1.0 200 OK\r\n\r\n`);
		const begun = performance.now();
		for (let n = 0; n < 30; n++) parse(message);
		expect(performance.now() - begun).toBeLessThan(500);
	});
	it("the search for the next message ends at its limit of bytes", () => {
		expect(kinds(parse(bytes(new Uint8Array(MAX_RESYNC_BYTES), frame(1))))).toEqual(["lost", "frame"]);
		const parser = createParser();
		const push = () => {
			for (let n = 0; n <= MAX_RESYNC_BYTES; n += 4096) parser.push(new Uint8Array(4096));
		};
		expect(push).toThrow("no RTSP found again");
	});
	it("the search for the next message ends at its limit of time", () => {
		let nowMs = 0;
		const parser = createParser(() => nowMs);
		parser.push(new Uint8Array(10));
		nowMs = MAX_RESYNC_MS;
		parser.push(new Uint8Array(10));
		nowMs += 1;
		expect(() => parser.push(new Uint8Array(10))).toThrow("no RTSP found again");
	});
});

describe("R07: junk between frames", () => {
	it("is skipped, whatever it is, and the frames around it are kept", () => {
		fc.assert(
			fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (junk) => {
				// A first byte that is no start of anything: what else it holds, `$` with absurd lengths too, is chance.
				const items = parse(bytes(frame(1), [0], junk, frame(2), frame(3)));
				expect(sequences(items)).toEqual([1, 2, 3]);
				expect(items).toContainEqual({ kind: "lost", bytes: junk.length + 1 });
			}),
		);
	});
	it("a frame cut short is itself lost, not the frame after it", () => {
		const items = parse(bytes(frame(1, 600).subarray(0, 416), frame(2, 600), frame(3), frame(4)));
		expect(kinds(items)).toEqual(["lost", "frame", "frame", "frame"]);
		expect(sequences(items)).toEqual([2, 3, 4]);
	});
	it("a frame cut short at the end of what has come is known as soon as the next one begins", () => {
		const items = parse(bytes(frame(1, 600).subarray(0, 416), frame(2, 60)));
		expect(sequences(items)).toEqual([2]);
	});
	it("a frame written twice, the first copy cut short, arrives once", () => {
		const items = parse(bytes(frame(1), frame(2, 600).subarray(0, 99), frame(2, 600), frame(3)));
		expect(sequences(items)).toEqual([1, 2, 3]);
		expect(kinds(items)).toContain("lost");
	});
	it("a reply is found too", () => {
		const items = parse(bytes([1, 2, 3], "RTSP/1.", [0], "RTSP/1.0 200 OK\r\n\r\n"));
		expect(items).toMatchObject([
			{ kind: "lost", bytes: 11 },
			{ kind: "reply", status: 200 },
		]);
	});
	it("never throws on random bytes within the limits, and never holds more than one message back", () => {
		fc.assert(
			fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (chunks) => {
				const parser = createParser();
				for (const chunk of chunks) parser.push(chunk);
			}),
		);
	});
});
