import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RecvStream, SendStream, Session, SessionRequest } from "./port.ts";
import { StreamError } from "./port.ts";

/** What a backend gives the suite: a server that hands out requests, a way to connect to it, and an end. */
export interface Harness {
	next(): Promise<SessionRequest | null>;
	connect(path: string): Promise<Session>;
	close(): Promise<void>;
}

const bytes = (...values: number[]) => Uint8Array.from(values);

/** Everything until FIN, as one array. */
async function readAll(stream: RecvStream): Promise<Uint8Array> {
	const chunks: Uint8Array[] = [];
	for (let chunk = await stream.read(); chunk; chunk = await stream.read()) {
		expect(chunk.length).toBeGreaterThan(0);
		chunks.push(chunk);
	}
	return Buffer.concat(chunks);
}
const must = <T>(value: T | null): T => {
	if (value === null) throw new Error("the session ended early");
	return value;
};

/** The transport port as tests; every backend passes the same ones. */
export function transportContract(name: string, start: () => Promise<Harness>): void {
	describe(`transport port: ${name}`, () => {
		let harness: Harness;
		let client: Session;
		let server: Session;
		beforeEach(async () => {
			harness = await start();
			const connecting = harness.connect("/acct?jwt=secret&x=1");
			const request = must(await harness.next());
			server = await request.accept();
			client = await connecting;
		});
		afterEach(async () => {
			client.close(0, "");
			server.close(0, "");
			await harness.close();
		});

		/** Opens a unidirectional stream and takes it on the other side; the first byte makes it visible. */
		async function uni(from: Session, to: Session): Promise<{ send: SendStream; recv: RecvStream }> {
			const send = await from.openUni();
			const [recv] = await Promise.all([to.acceptUni(), send.write(bytes(1))]);
			return { send, recv: must(recv) };
		}

		it("tells path and query of the request", () => {
			for (const session of [client, server]) {
				expect(session.path).toBe("/acct");
				expect(session.query.get("jwt")).toBe("secret");
			}
		});

		it("carries bytes both ways on a bidirectional stream, whole and in order, with FIN", async () => {
			const ours = await client.openBidi();
			await ours.send.write(bytes(1, 2));
			await ours.send.write(bytes(3));
			await ours.send.finish();
			const theirs = must(await server.acceptBidi());
			expect([...(await readAll(theirs.recv))]).toEqual([1, 2, 3]);
			await theirs.send.write(bytes(9));
			await theirs.send.finish();
			expect([...(await readAll(ours.recv))]).toEqual([9]);
		});

		it("carries a bidirectional stream's bytes from either side, whoever opened it", async () => {
			for (const [from, to] of [
				[client, server],
				[server, client],
			] as const) {
				const ours = await from.openBidi();
				await ours.send.write(bytes(1));
				const theirs = must(await to.acceptBidi());
				const sent = new Uint8Array(300_000).map((_, at) => at % 251);
				for (const [send, recv, first] of [
					[ours.send, theirs.recv, [1]],
					[theirs.send, ours.recv, []],
				] as const) {
					const sending = send.write(sent).then(() => send.finish());
					const received = await readAll(recv);
					await sending;
					expect(Buffer.compare(received, Buffer.concat([bytes(...first), sent]))).toBe(0);
				}
			}
		});

		it("carries a megabyte on a unidirectional stream from either side", async () => {
			for (const [from, to] of [
				[client, server],
				[server, client],
			] as const) {
				const send = await from.openUni();
				const sending = (async () => {
					for (let i = 0; i < 64; i++) await send.write(new Uint8Array(16384).fill(i));
					await send.finish();
				})();
				const received = await readAll(must(await to.acceptUni()));
				await sending;
				expect(received.length).toBe(64 * 16384);
				expect(received[16384 * 33]).toBe(33);
			}
		});

		it("keeps streams apart: one that nobody reads does not hold up another", async () => {
			await uni(client, server);
			const second = await uni(client, server);
			await second.send.finish();
			expect([...(await readAll(second.recv))]).toEqual([1]);
		});

		it("makes a writer wait when nobody reads any more", async () => {
			const { send, recv } = await uni(client, server);
			await recv.read();
			let written = 0;
			const writing = (async () => {
				for (; written < 64 * 1024 * 1024; written += 262144) await send.write(new Uint8Array(262144));
			})().catch(() => {});
			await new Promise((resolve) => setTimeout(resolve, 700));
			const before = written;
			await new Promise((resolve) => setTimeout(resolve, 300));
			expect(written).toBe(before);
			expect(written).toBeLessThan(64 * 1024 * 1024);
			client.close(0, "");
			await writing;
		});

		it("refuses a second write while one is in flight", async () => {
			const { send } = await uni(client, server);
			const first = send.write(new Uint8Array(1000));
			await expect(send.write(bytes(2))).rejects.toThrow(TypeError);
			void first.catch(() => {});
		});

		it("reset reaches the reader as StreamError, also while a write is blocked", async () => {
			const { send, recv } = await uni(client, server);
			const blocked = (async () => {
				for (;;) await send.write(new Uint8Array(262144));
			})().catch((error) => error);
			send.reset(7);
			const failure = await (async () => {
				for (;;) await recv.read();
			})().catch((error) => error);
			expect(failure).toBeInstanceOf(StreamError);
			expect(await blocked).toBeInstanceOf(Error);
		});

		it("reset tells its code, and goes on telling it", async () => {
			const { send, recv } = await uni(client, server);
			await recv.read();
			send.reset(460);
			for (let i = 0; i < 2; i++) {
				await expect(recv.read()).rejects.toMatchObject({ name: "StreamError", kind: "reset", code: 460 });
			}
		});

		it("stop reaches the writer as StreamError", async () => {
			const { send, recv } = await uni(client, server);
			recv.stop(9);
			const failure = await (async () => {
				for (;;) await send.write(new Uint8Array(65536));
			})().catch((error) => error);
			expect(failure).toBeInstanceOf(StreamError);
			expect(failure).toMatchObject({ kind: "stopped", code: 9 });
		});

		it("close ends the other side's accepts, reads and opens", async () => {
			const { recv } = await uni(client, server);
			await recv.read();
			const reading = recv.read().catch((error) => error);
			const accepting = server.acceptBidi();
			client.close(5, "bye");
			expect((await server.closed).code).toBe(5);
			expect(await accepting).toBeNull();
			expect(await reading).toMatchObject({ name: "StreamError", kind: "session-closed" });
			await expect(server.openUni()).rejects.toThrow(StreamError);
			await client.closed;
		});

		it("a refused request rejects the client's connect", async () => {
			const connecting = harness.connect("/other").catch((error) => error);
			await must(await harness.next()).reject(403);
			expect(await connecting).toBeInstanceOf(Error);
		});
	});
}
