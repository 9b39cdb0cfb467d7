import "core-js/actual/promise/with-resolvers";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import Qmux from "@moq/qmux";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { makeCertificate } from "../certificate.ts";
import { type Harness, transportContract } from "../contract.ts";
import type { RecvStream, Session, SessionRequest } from "../port.ts";
import { parametersFrame } from "../testing/raw-qmux.ts";
import { connectTcp } from "./client.ts";
import { decodeRecord, encodeFrame, MAX_STREAM_PAYLOAD_BYTES } from "./frames.ts";
import { TcpServer } from "./server.ts";
import {
	IDLE_MS,
	MAX_OPEN_STREAMS,
	MAX_RECORD_BYTES,
	MAX_WAITING_CONTROL_BYTES,
	QmuxSession,
	SESSION_WINDOW_BYTES,
	SOCKET_BUFFER_BYTES,
	STREAM_WINDOW_BYTES,
} from "./session.ts";

const listening = (server: Server) => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));

async function plain(): Promise<Harness & { server: TcpServer; http: Server }> {
	const http = createServer((_, response) => response.end("an ordinary answer"));
	await listening(http);
	const server = new TcpServer(http);
	return {
		server,
		http,
		next: () => server.next(),
		connect: (path) => connectTcp(new URL(path, `ws://127.0.0.1:${server.port}`), { timeoutMs: 3000 }),
		close: async () => {
			server.close();
			http.closeAllConnections();
		},
	};
}
async function tls(): Promise<Harness> {
	const { certPem, keyPem } = await makeCertificate({ hosts: ["localhost", "127.0.0.1"] });
	const http = createTlsServer({ cert: certPem, key: keyPem });
	await listening(http);
	const server = new TcpServer(http);
	return {
		next: () => server.next(),
		connect: (path) => connectTcp(new URL(path, `wss://localhost:${server.port}`), { ca: certPem, timeoutMs: 3000 }),
		close: async () => {
			server.close();
			http.closeAllConnections();
		},
	};
}
transportContract("TCP", plain);
transportContract("TCP with TLS", tls);

/** The field's own library as the client: what its players fall back to where UDP is blocked. */
describe("against @moq/qmux", () => {
	let harness: Awaited<ReturnType<typeof plain>>;
	beforeEach(async () => {
		(globalThis as { WebSocket?: unknown }).WebSocket ??= WebSocket;
		harness = await plain();
	});
	afterEach(() => harness.close());

	for (const protocol of ["qmux-02.moql", "qmux-01.moql"]) {
		it(`${protocol}: streams both ways, with back-pressure and codes`, async () => {
			const client = new Qmux(`ws://127.0.0.1:${harness.server.port}/acct?jwt=x`, {
				protocols: [protocol],
				versions: {},
			});
			const server = await ((await harness.next()) as SessionRequest).accept();
			await client.ready;

			const bidi = await client.createBidirectionalStream();
			const writer = bidi.writable.getWriter();
			await writer.write(Uint8Array.of(1, 2, 3));
			const theirs = await server.acceptBidi();
			expect([...((await theirs?.recv.read()) ?? [])]).toEqual([1, 2, 3]);

			// Far more than a window, to somebody who begins to read later.
			const bytes = new Uint8Array(3 * 1024 * 1024).map((_, at) => at % 251);
			const sending = theirs?.send.write(bytes).then(() => theirs.send.finish());
			const received: Uint8Array[] = [];
			for await (const chunk of bidi.readable as unknown as AsyncIterable<Uint8Array>) received.push(chunk);
			await sending;
			expect(Buffer.compare(Buffer.concat(received), bytes)).toBe(0);

			const uni = await server.openUni();
			await uni.write(Uint8Array.of(7));
			const { value: incoming } = await client.incomingUnidirectionalStreams.getReader().read();
			const reader = incoming!.getReader();
			expect((await reader.read()).value).toEqual(Uint8Array.of(7));
			const reading = reader.read();
			uni.reset(460);
			await expect(reading).rejects.toMatchObject({ streamErrorCode: 460 });

			const up = await client.createUnidirectionalStream();
			const upWriter = up.getWriter();
			const taken = server.acceptUni();
			const pumping = (async () => {
				for (;;) await upWriter.write(new Uint8Array(100_000));
			})().catch(() => {});
			const read = await taken;
			expect((await read?.read())?.length).toBeGreaterThan(0);
			read?.stop(9);
			await expect(upWriter.closed).rejects.toMatchObject({ streamErrorCode: 9 });
			await pumping;

			server.close(441, "revoked");
			expect(await client.closed).toMatchObject({ closeCode: 441, reason: "revoked" });
		});
	}

	it("it may be the server, too", async () => {
		const sessions: Qmux[] = [];
		const { WebSocketServer } = await import("ws");
		const sockets = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "qmux-02.moql" });
		sockets.on("connection", (socket) => {
			sessions.push(Qmux.accept(socket as never));
		});
		await new Promise((listening) => sockets.once("listening", listening));
		const { port } = sockets.address() as { port: number };
		const client = await connectTcp(new URL(`ws://127.0.0.1:${port}/`));
		const stream = await client.openUni();
		const bytes = new Uint8Array(2 * 1024 * 1024).map((_, at) => at % 241);
		const sending = stream.write(bytes).then(() => stream.finish());
		const { value: incoming } = await sessions[0]!.incomingUnidirectionalStreams.getReader().read();
		const received: Uint8Array[] = [];
		for await (const chunk of incoming as unknown as AsyncIterable<Uint8Array>) received.push(chunk);
		await sending;
		expect(Buffer.compare(Buffer.concat(received), bytes)).toBe(0);
		sessions[0]!.close({ closeCode: 5, reason: "bye" });
		expect(await client.closed).toEqual({ code: 5, reason: "bye" });
		sockets.close();
	});
});

describe("a server on TCP", () => {
	let harness: Awaited<ReturnType<typeof plain>>;
	beforeEach(async () => {
		harness = await plain();
	});
	afterEach(() => harness.close());

	/** What a bare HTTP client gets for `lines`. */
	const ask = (lines: readonly string[]) =>
		new Promise<string>((resolve, reject) => {
			const socket = connect(harness.server.port, "127.0.0.1", () => socket.write(`${lines.join("\r\n")}\r\n\r\n`));
			let text = "";
			socket.on("data", (chunk) => {
				text += chunk;
			});
			socket.on("error", reject);
			socket.on("close", () => resolve(text));
		});
	const upgrade = ["Host: relay", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];

	it("says which protocols it speaks to who offers another", async () => {
		const answer = await ask(["GET /a HTTP/1.1", ...upgrade, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]);
		expect(answer).toMatch(/^HTTP\/1\.1 400 /);
		expect(answer).toContain("qmux-02.moql");
	});
	it("tells a refusal's status, and where the client connected from", async () => {
		const connecting = harness.connect("/a?jwt=secret").catch((error) => error);
		const request = (await harness.next()) as SessionRequest;
		expect(request.remoteAddress).toContain("127.0.0.1");
		await request.reject(429);
		const error = await connecting;
		expect(error.message).toContain("429");
		expect(error.message).not.toContain("secret");
	});
	it("answers ordinary requests beside the sessions", async () => {
		const answer = await fetch(`http://127.0.0.1:${harness.server.port}/`);
		expect(await answer.text()).toBe("an ordinary answer");
	});

	/** A client that speaks bytes of its own making. */
	async function raw(
		options?: Parameters<SessionRequest["accept"]>[0],
	): Promise<{ session: Session; socket: WebSocket; heard: Uint8Array[] }> {
		const socket = new WebSocket(`ws://127.0.0.1:${harness.server.port}/`, ["qmux-02.moql"]);
		const heard: Uint8Array[] = [];
		socket.on("message", (data: Buffer) => heard.push(data));
		const request = (await harness.next()) as SessionRequest;
		const session = await request.accept(options);
		await new Promise((open) => socket.once("open", open));
		return { session, socket, heard };
	}
	const hello = parametersFrame(0);
	const stream = (id: number, offset: number, length: number) =>
		encodeFrame({ type: "stream", id, offset, data: new Uint8Array(length), fin: false });
	const whole = (id: number, length: number) => {
		const records: Uint8Array[] = [];
		for (let at = 0; at < length; at += 16_000) records.push(stream(id, at, Math.min(16_000, length - at)));
		return records;
	};
	const wrong: [name: string, records: Uint8Array[]][] = [
		["a frame before the parameters", [stream(2, 0, 1)]],
		["parameters twice", [hello, hello]],
		["a frame of an unknown type", [hello, Uint8Array.of(0x3e)]],
		["a frame that is cut off", [hello, Uint8Array.of(0x0e, 2)]],
		["bytes out of order", [hello, stream(2, 5, 1)]],
		["bytes that come twice", [hello, stream(2, 0, 5), stream(2, 0, 5)]],
		["a stream beyond the limit", [hello, stream(2 + 4 * MAX_OPEN_STREAMS, 0, 1)]],
		["bytes of a stream beyond its window", [hello, ...whole(2, STREAM_WINDOW_BYTES + 1)]],
		[
			"bytes beyond the session's window",
			[hello, ...[2, 6, 10].flatMap((id) => whole(id, Math.ceil((SESSION_WINDOW_BYTES + 3) / 3)))],
		],
		["bytes on a stream that only the server sends on", [hello, stream(3, 0, 1)]],
		["bytes on a stream of the server's that it did not open", [hello, stream(1, 0, 1)]],
		["a record that is too large", [hello, new Uint8Array(MAX_RECORD_BYTES + 1)]],
		[
			"a reset of more bytes than were allowed",
			[hello, encodeFrame({ type: "reset-stream", id: 2, code: 0, finalSize: STREAM_WINDOW_BYTES + 1 })],
		],
	];
	for (const [name, records] of wrong) {
		it(`ends the session at ${name}`, async () => {
			const { session, socket } = await raw();
			socket.on("error", () => {});
			for (const record of records) socket.send(record);
			await session.closed;
			await expect(session.openUni()).rejects.toMatchObject({ kind: "session-closed" });
		});
	}
	/** A session over a carrier that takes nothing out of this process, and what was handed to it. */
	function stuck(fullFromStart: boolean) {
		let handed = 0;
		let hear: (record: Uint8Array) => void = () => {};
		const session = new QmuxSession(
			{
				send: (record, rest) => {
					handed += record.length + (rest?.length ?? 0);
				},
				get bufferedBytes() {
					return fullFromStart ? SOCKET_BUFFER_BYTES : handed;
				},
				close: () => {},
				listen: ({ record }) => {
					hear = record;
				},
			},
			{ server: true, path: "/", query: new URLSearchParams(), remoteAddress: undefined },
		);
		return { session, handed: () => handed, hear: (record: Uint8Array) => hear(record) };
	}
	it("R4: what waits for the socket in this process is bounded, however much is written", async () => {
		const { session, handed, hear } = stuck(false);
		hear(parametersFrame(2 ** 40));
		for (let n = 0; n < 4; n++) {
			const stream = await session.openUni();
			stream.write(new Uint8Array(SOCKET_BUFFER_BYTES)).catch(() => {});
		}
		expect(handed()).toBeGreaterThanOrEqual(SOCKET_BUFFER_BYTES);
		expect(handed()).toBeLessThan(SOCKET_BUFFER_BYTES + MAX_STREAM_PAYLOAD_BYTES + 100);
		session.close(0, "");
	});
	it("R4: answers wait for a peer that does not read up to their limit; one more ends the session", async () => {
		const { session, hear } = stuck(true);
		let over = false;
		void session.closed.then(() => {
			over = true;
		});
		hear(parametersFrame(1));
		const ping = encodeFrame({ type: "ping", response: false, sequence: 1 });
		for (let waiting = 0; waiting + ping.length <= MAX_WAITING_CONTROL_BYTES; waiting += ping.length) hear(ping);
		await new Promise((resolve) => setImmediate(resolve));
		expect(over).toBe(false);
		hear(ping);
		expect(await session.closed).toMatchObject({ code: WIRE_ERROR_CODES["too-many"] });
	});
	it("R4: a peer that asks and never reads the answers is closed before they fill the memory", async () => {
		const { session, socket } = await raw();
		socket.on("error", () => {});
		socket.pause();
		socket.send(hello);
		const pings = Buffer.concat(
			Array.from({ length: 6000 }, () => encodeFrame({ type: "ping", response: false, sequence: 1 })),
		);
		let over = false;
		void session.closed.then(() => {
			over = true;
		});
		// The kernel's buffers take some megabytes first.
		for (let n = 0; !over && n < 2000; n++) await new Promise((sent) => socket.send(pings, sent));
		expect(await session.closed).toMatchObject({ code: WIRE_ERROR_CODES["too-many"] });
	});
	it("a few bytes in a large record do not keep the record in memory, nor single bytes an object each", async () => {
		const { session, socket } = await raw();
		socket.send(hello);
		setFlagsFromString("--expose-gc");
		const collect = runInNewContext("gc") as () => void;
		collect();
		const before = process.memoryUsage();
		const pieces = 1000;
		for (let n = 0; n < pieces; n++) {
			const record = Buffer.concat([stream(2, n, 1), new Uint8Array(60_000)]);
			await new Promise((sent) => socket.send(record, sent));
		}
		const recv = await session.acceptUni();
		// In order: where this answer comes, all of that has come.
		socket.send(stream(6, 0, 1));
		await session.acceptUni();
		collect();
		expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(10 * 1024 * 1024);
		let length = 0;
		while (length < pieces) length += (await recv?.read())?.length ?? 0;
		const many = 200_000;
		for (let at = 0; at < many; at += 5000)
			socket.send(Buffer.concat(Array.from({ length: 5000 }, (_, n) => stream(2, pieces + at + n, 1))));
		socket.send(stream(10, 0, 1));
		await session.acceptUni();
		collect();
		expect(process.memoryUsage().heapUsed - before.heapUsed).toBeLessThan(10 * 1024 * 1024);
		socket.terminate();
		await session.closed;
	});
	it("takes what is just within the limits", async () => {
		const { session, socket } = await raw();
		const largest = new Uint8Array(MAX_RECORD_BYTES);
		for (const record of [
			hello,
			largest,
			...whole(2, STREAM_WINDOW_BYTES),
			stream(2 + 4 * (MAX_OPEN_STREAMS - 1), 0, 1),
		]) {
			socket.send(record);
		}
		const first = await session.acceptUni();
		let length = 0;
		while (length < STREAM_WINDOW_BYTES) length += (await first?.read())?.length ?? 0;
		expect((await session.acceptUni()) !== null).toBe(true);
		socket.terminate();
		await session.closed;
	});
	it("takes as little unread as it was told to: at the limit, and not one byte more", async () => {
		const windowBytes = 20_000;
		for (const [more, kept] of [
			[0, true],
			[1, false],
		] as const) {
			const { session, socket } = await raw({ windowBytes });
			socket.on("error", () => {});
			for (const record of [hello, ...whole(2, windowBytes / 2), ...whole(6, windowBytes / 2 + more)]) {
				socket.send(record);
			}
			const streams = [await session.acceptUni(), await session.acceptUni()];
			if (kept) {
				for (const stream of streams) expect((await stream?.read())?.length).toBe(windowBytes / 2);
				// What was read may be sent again.
				socket.send(stream(2, windowBytes / 2, windowBytes / 2));
				expect((await streams[0]?.read())?.length).toBe(windowBytes / 2);
				socket.terminate();
			}
			expect((await session.closed).reason).toContain(kept ? "the connection ended" : "more bytes than were allowed");
		}
	});
	it("a few bytes that nobody reads hold no more memory than they are", async () => {
		const { session, socket } = await raw();
		const filler = new Uint8Array(15_000);
		socket.send(Buffer.concat([hello, stream(2, 0, 5), filler]));
		const held = await (await session.acceptUni())?.read();
		expect([held?.length, held?.buffer.byteLength]).toEqual([5, 5]);
		socket.terminate();
		await session.closed;
	});
	it("takes streams one after the other without end, and forgets those that ended", async () => {
		const client = harness.connect("/");
		const server = await ((await harness.next()) as SessionRequest).accept();
		const session = await client;
		for (let i = 0; i < MAX_OPEN_STREAMS * 3; i++) {
			const send = await session.openUni();
			await send.write(Uint8Array.of(i % 256));
			await send.finish();
			const recv = await server.acceptUni();
			expect([...((await recv?.read()) ?? [])]).toEqual([i % 256]);
			expect(await recv?.read()).toBeNull();
		}
		session.close(0, "");
		await server.closed;
	});
	it("a stream that ended does not come to life again", async () => {
		const { session, socket, heard } = await raw();
		socket.send(hello);
		socket.send(encodeFrame({ type: "stream", id: 2, offset: 0, data: Uint8Array.of(1), fin: true }));
		socket.send(stream(2, 0, 1));
		socket.send(stream(6, 0, 1));
		const first = await session.acceptUni();
		expect([...((await first?.read()) ?? [])]).toEqual([1]);
		expect(await first?.read()).toBeNull();
		// The next one handed out is the second stream, not the first anew.
		expect((await (await session.acceptUni())?.read())?.length).toBe(1);
		expect(decodeRecord(heard[0]!)[0]).toMatchObject({ type: "parameters", parameters: { maxIdleTimeout: IDLE_MS } });
		socket.terminate();
		await session.closed;
	});
	it("the more urgent stream goes first where the socket has no room", async () => {
		const client = harness.connect("/");
		const server = await ((await harness.next()) as SessionRequest).accept();
		const session = await client;
		const size = 900_000;
		const [late, urgent] = [await server.openUni(), await server.openUni()];
		late.setPriority(1);
		urgent.setPriority(2);
		const order: string[] = [];
		const writes = [
			late.write(new Uint8Array(size)).then(() => order.push("late")),
			urgent.write(new Uint8Array(size)).then(() => order.push("urgent")),
		];
		const read = async (stream: RecvStream | null) => {
			for (let left = size; left > 0; ) left -= (await stream?.read())?.length ?? left;
		};
		const streams = [await session.acceptUni(), await session.acceptUni()];
		await Promise.all([...writes, ...streams.map(read)]);
		expect(order).toEqual(["urgent", "late"]);
		session.close(0, "");
		await server.closed;
	});
});
