import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { makeCertificate } from "@mivisus/transport/certificate";
import { Http3Server } from "@mivisus/transport/http3/server";
import type { Session } from "@mivisus/transport/port";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { scaled, seeded, seedOf } from "../scale.ts";
import { openChromium } from "./system.ts";

/** Without the server's pause before the end, the page crashed within thirty. */
const ENDS = scaled(80, 2000);
const STREAMS_AT_MOST = 12;

let browser: Browser;
let http: Server;
beforeAll(async () => {
	browser = await openChromium();
});
afterAll(async () => {
	http?.close();
	await browser?.close();
});
const random = seeded(seedOf("session end"));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What a viewer's worker does: one session after the other, all streams read. */
const script = (port: number, hash: Uint8Array) => `
async function session() {
	const transport = new WebTransport("https://localhost:${port}/x", {
		serverCertificateHashes: [{ algorithm: "sha-256", value: new Uint8Array([${[...hash]}]) }],
	});
	transport.closed.catch(() => {});
	await transport.ready;
	const streams = transport.incomingUnidirectionalStreams.getReader();
	for (;;) {
		const { value, done } = await streams.read();
		if (done) return;
		const reader = value.getReader();
		(async () => { while (!(await reader.read()).done); })().catch(() => {});
	}
}
(async () => { for (;;) await session().catch(() => new Promise((resolve) => setTimeout(resolve, 20))); })();`;

/** Sends on more and more streams, and ends the session in the middle of it. */
async function send(session: Session): Promise<void> {
	const count = 1 + Math.floor(random() * STREAMS_AT_MOST);
	for (let i = 0; i < count; i++) {
		const stream = await session.openUni();
		void (async () => {
			for (let n = 1 + Math.floor(random() * 6); n > 0; n--) {
				await stream.write(new Uint8Array(1 + Math.floor(random() * 20_000)));
				if (random() < 0.5) await pause(random() * 4);
			}
			await stream.finish();
		})().catch(() => {});
		await pause(random() * 6);
	}
	session.close(503, "going-away");
}

it(
	`a page survives ${ENDS} sessions that their server ends while streams are arriving`,
	async () => {
		const certificate = await makeCertificate({ hosts: ["localhost"], now: Date.now() });
		const server = await Http3Server.listen({ port: 0, ...certificate });
		http = createServer((request, response) => {
			const isScript = request.url === "/worker.js";
			response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
			response.end(isScript ? script(server.port, certificate.sha256) : "<script>new Worker('/worker.js')</script>");
		});
		await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
		const page = await browser.newPage();
		const crashed = new Promise<string>((resolve) => page.once("crash", () => resolve("crashed")));
		await page.goto(`http://localhost:${(http.address() as AddressInfo).port}/`);
		for (let ends = 0; ends < ENDS; ends++) {
			const request = await Promise.race([server.next(), crashed]);
			expect(request, `after ${ends} ends`).not.toBe("crashed");
			if (!request || typeof request === "string") throw new Error("the server ended");
			const session = await request.accept();
			await Promise.all([send(session), session.closed]);
		}
		expect(await page.evaluate("1 + 1")).toBe(2);
	},
	scaled(60_000, 1_200_000),
);
