import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isLater, MAX_VERSION_BYTES, offeredVersion, watchForUpdates } from "./update-check.ts";

let server: Server;
let origin: string;
let asked: string[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
beforeEach(async () => {
	asked = [];
	server = createServer((request, response) => {
		asked.push(`${request.method} ${request.url}`);
		answer(request, response);
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
	server.closeAllConnections();
	server.close();
});
const { signal } = new AbortController();
const says = (text: string) => {
	answer = (_, response) => response.end(text);
};

describe("what the service offers", () => {
	it("is read from one file of its own origin", async () => {
		says('{"version":"1.2.3"}');
		expect(await offeredVersion(`${origin}/somewhere`, signal)).toBe("1.2.3");
		expect(asked).toEqual(["GET /agent-version.json"]);
	});
	it.each([
		["no such file", (_: unknown, response: ServerResponse) => response.writeHead(404).end()],
		["the page instead", (_: unknown, response: ServerResponse) => response.end("<!doctype html>")],
		["no version", (_: unknown, response: ServerResponse) => response.end('{"version":"latest <script>"}')],
		["a broken connection", (request: IncomingMessage) => request.socket.destroy()],
		["another host", (_: unknown, response: ServerResponse) => response.writeHead(302, { location: "/other" }).end()],
	])("is nothing, without a word, where there is %s", async (_, behave) => {
		answer = behave as typeof answer;
		expect(await offeredVersion(origin, signal)).toBeUndefined();
		expect(asked).toEqual(["GET /agent-version.json"]);
	});
	it("is read up to its limit and no byte further", async () => {
		const padded = (bytes: number) => '{"version":"1.2.3"}'.padEnd(bytes);
		says(padded(MAX_VERSION_BYTES));
		expect(await offeredVersion(origin, signal)).toBe("1.2.3");
		says(padded(MAX_VERSION_BYTES + 1));
		expect(await offeredVersion(origin, signal)).toBeUndefined();
	});
});

it("a later version is later by number, not by letter", () => {
	expect(isLater("0.10.0", "0.9.9")).toBe(true);
	expect(isLater("1.0.0", "0.99.99")).toBe(true);
	expect(isLater("0.1.0", "0.1.0")).toBe(false);
	expect(isLater("0.1.0", "0.2.0")).toBe(false);
	expect(isLater("nonsense", "0.0.1")).toBe(false);
});

it("the owner is told of a later version, and then it waits for a day", async () => {
	const stop = new AbortController();
	says('{"version":"0.2.0"}');
	let watching: Promise<void> | undefined;
	const heard = await new Promise<string>((tell) => {
		watching = watchForUpdates({ origin, here: "0.1.0", tell }, stop.signal);
	});
	expect(heard).toBe("0.2.0");
	// It asks again in a day: what waits until then ends when it is told to.
	stop.abort();
	await watching;
});
