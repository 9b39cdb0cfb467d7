import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:http2";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { type Certificate, makeCertificate } from "../certificate.ts";
import { transportContract } from "../contract.ts";
import { connectHttp3 } from "../http3/client.ts";
import { QUIET_MS } from "../http3/session.ts";
import type { SendStream, Session } from "../port.ts";
import { MAX_WAITING } from "../tcp/server.ts";
import { MAX_OPEN_STREAMS, SESSION_WINDOW_BYTES } from "../tcp/session.ts";
import { INSTALL_HTTP3, loadHttp3 } from "./native.ts";
import { FailsServer } from "./server.ts";
import { connectFails } from "./testing/client.ts";

// Without its native part the library writes to the console as soon as it is imported.
for (const method of ["error", "log"] as const) vi.spyOn(console, method).mockImplementation(() => {});

const whyNoHttp3: string | undefined = await loadHttp3().then(
	() => undefined,
	(error: Error) => error.message,
);

let certificate: Certificate;
beforeAll(async () => {
	certificate = await makeCertificate({ hosts: ["localhost", "127.0.0.1"] });
});
async function http2() {
	const server = await FailsServer.listen({ http: 2, port: 0, ...certificate });
	return {
		server,
		next: () => server.next(),
		connect: (path: string) => connectFails(new URL(path, `https://127.0.0.1:${server.port}`), certificate.sha256),
		close: async () => server.close(),
	};
}
transportContract("@fails-components/webtransport, HTTP/2", http2);

if (whyNoHttp3 === undefined) {
	transportContract("@fails-components/webtransport, HTTP/3", async () => {
		const server = await FailsServer.listen({ port: 0, ...certificate });
		return {
			next: () => server.next(),
			connect: (path) =>
				connectHttp3(new URL(path, `https://127.0.0.1:${server.port}`), { certificateHashes: [certificate.sha256] }),
			close: async () => server.close(),
		};
	});
} else {
	process.stderr.write(`NOT RUN: the transport port over @fails-components/webtransport, HTTP/3: ${whyNoHttp3}\n`);
	it.skip("transport port: @fails-components/webtransport, HTTP/3 (its native part does not load here)", () => {});
}

describe("without the native part", () => {
	it.skipIf(whyNoHttp3 === undefined)("HTTP/3 is refused in a sentence, and nothing else is written", () => {
		const native = fileURLToPath(new URL("native.ts", import.meta.url));
		const program = `import(${JSON.stringify(native)}).then((m) => m.loadHttp3()).catch((e) => console.log(e.name, e.message))`;
		const { stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", "-e", program], { encoding: "utf8" });
		expect(stderr).toBe("");
		expect(stdout.trim().split("\n")).toEqual([
			expect.stringMatching(
				/^NativeUnavailableError .* is (not installed|installed and does not load \(.+\)): npm install .*-quiche@\d/,
			),
		]);
		expect(stdout).toContain(INSTALL_HTTP3);
	});
});

describe("a server of @fails-components/webtransport", () => {
	/** Both ends of one session. */
	async function pair(): Promise<{ client: Session; server: Session; end: () => Promise<void> }> {
		const harness = await http2();
		const connecting = harness.connect("/a");
		const server = await (await harness.next())!.accept();
		const client = await connecting;
		const end = async () => {
			client.close(0, "");
			await server.closed;
			await harness.close();
		};
		return { client, server, end };
	}

	it("takes streams one after the other without end", async () => {
		const { client, server, end } = await pair();
		for (let i = 0; i < MAX_OPEN_STREAMS + 10; i++) {
			const [uni, bidi] = [await client.openUni(), await client.openBidi()];
			await uni.write(Uint8Array.of(i % 256));
			await uni.finish();
			await bidi.send.finish();
			const there = await server.acceptUni();
			expect([...((await there?.read()) ?? [])]).toEqual([i % 256]);
			expect(await there?.read()).toBeNull();
			const back = await server.acceptBidi();
			expect(await back?.recv.read()).toBeNull();
			await back?.send.finish();
			expect(await bidi.recv.read()).toBeNull();
		}
		await end();
	});

	it.each(["stopped", "reset"] as const)("streams that are %s with bytes on their way cost no credit", async (how) => {
		const { client, server, end } = await pair();
		const carry = async (size: number) => {
			const send = await client.openUni();
			const writing = send.write(new Uint8Array(size));
			return { send, writing, recv: (await server.acceptUni())! };
		};
		const streams = [];
		// Together more than the session may have on its way.
		for (let i = 0; i < 8; i++) {
			const { send, writing, recv } = await carry(SESSION_WINDOW_BYTES / 4);
			await writing;
			if (how === "stopped") recv.stop(7);
			else send.reset(7);
			streams.push({ send, recv });
		}
		const { writing, recv } = await carry(1000);
		await writing;
		expect((await recv.read())?.length).toBe(1000);
		for (const { send, recv } of streams) {
			await expect(how === "stopped" ? refused(send) : recv.read()).rejects.toMatchObject({ kind: how, code: 7 });
		}
		await end();
	});
	/** Writes until that fails. */
	const refused = async (send: SendStream) => {
		for (;;) await send.write(new Uint8Array(1));
	};

	it("what nobody reads stays within the session's credit, on however many streams", async () => {
		const { client, end } = await pair();
		let written = 0;
		for (let i = 0; i < MAX_OPEN_STREAMS; i++) {
			const send = await client.openUni();
			// One of HTTP/2's frames takes it whole.
			const size = 8192;
			const writing = send.write(new Uint8Array(size)).then(() => {
				written += size;
			});
			writing.catch(() => {});
		}
		await vi.waitUntil(() => written >= SESSION_WINDOW_BYTES, { timeout: 5000 });
		await new Promise((resolve) => setTimeout(resolve, 300));
		expect(written).toBeLessThanOrEqual(SESSION_WINDOW_BYTES);
		await end();
	});

	it("sends nothing in the moment before the end of a session, on no stream (Chromium crashes otherwise)", async () => {
		const { client, server, end } = await pair();
		const [uni, { send: bidi }] = [await server.openUni(), await server.openBidi()];
		await uni.write(Uint8Array.of(1));
		await bidi.write(Uint8Array.of(2));
		const arriving = (await client.acceptUni())!;
		expect([...((await arriving.read()) ?? [])]).toEqual([1]);
		let over = false;
		void client.closed.then(() => {
			over = true;
		});
		server.close(441, "revoked");
		await expect(arriving.read()).rejects.toMatchObject({ kind: "reset" });
		await new Promise((resolve) => setTimeout(resolve, QUIET_MS / 2));
		expect(over).toBe(false);
		for (const late of [uni.write(Uint8Array.of(3)), bidi.write(Uint8Array.of(3)), bidi.finish(), server.openUni()])
			await expect(late).rejects.toMatchObject({ kind: "session-closed" });
		expect(over).toBe(false);
		expect(await client.closed).toEqual({ code: 441, reason: "revoked" });
		await end();
	});

	it("knows where a client connected from, and sends away whom it cannot hold", async () => {
		const { server, close } = await http2();
		const socket = connect(`https://127.0.0.1:${server.port}`, { rejectUnauthorized: false });
		await once(socket, "remoteSettings");
		const ask = (path: string) =>
			socket.request({ ":method": "CONNECT", ":protocol": "webtransport", ":scheme": "https", ":path": path });
		const status = async (path: string) => (await once(ask(path), "response"))[0][":status"];
		for (let i = 0; i < MAX_WAITING; i++) ask(`/${i}`).on("error", () => {});
		expect(await status("/late")).toBe(503);
		const first = await server.next();
		expect([first?.path, first?.remoteAddress]).toEqual(["/0", expect.stringMatching(/^(::ffff:)?127\.0\.0\.1$/)]);
		ask("/in-time").on("error", () => {});
		const paths = [];
		for (let i = 1; i <= MAX_WAITING; i++) paths.push((await server.next())?.path);
		expect(paths.slice(-2)).toEqual([`/${MAX_WAITING - 1}`, "/in-time"]);
		socket.destroy();
		await close();
	});

	it("a client that went away meanwhile cannot be let in", async () => {
		const { server, close } = await http2();
		const socket = connect(`https://127.0.0.1:${server.port}`, { rejectUnauthorized: false });
		await once(socket, "remoteSettings");
		const asked = socket.request({
			":method": "CONNECT",
			":protocol": "webtransport",
			":scheme": "https",
			":path": "/",
		});
		asked.on("error", () => {});
		const request = await server.next();
		socket.destroy();
		// The next one comes over a connection of its own, when the end of the first has arrived too.
		const other = connect(`https://127.0.0.1:${server.port}`, { rejectUnauthorized: false });
		await once(other, "remoteSettings");
		await expect(request?.accept()).rejects.toThrow();
		other.destroy();
		await close();
	});

	it("says when a port is taken and when a certificate is none", async () => {
		const { server, close } = await http2();
		const options = { http: 2, ...certificate } as const;
		await expect(FailsServer.listen({ ...options, port: server.port })).rejects.toThrow("EADDRINUSE");
		await expect(FailsServer.listen({ ...options, port: 0, keyPem: "none" })).rejects.toThrow("certificate");
		await close();
	});
});
