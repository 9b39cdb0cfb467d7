import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { makeCertificate } from "@mivisus/transport/certificate";
import { connectHttp3 } from "@mivisus/transport/http3/client";
import { Http3Server } from "@mivisus/transport/http3/server";
import type { RecvStream } from "@mivisus/transport/port";
import { afterEach, expect, it } from "vitest";
import { Feed } from "./feed.ts";

const endings: (() => unknown)[] = [];
afterEach(() => {
	for (const end of endings.splice(0).reverse()) end();
});
const bound = (socket: Socket) =>
	new Promise<number>((resolve) => socket.bind(0, "127.0.0.1", () => resolve(socket.address().port)));

/** A house's uplink of 1 Mbit/s with a queue of 64 kB, in front of `port`; resolves with where to connect to. */
async function slowLine(port: number): Promise<number> {
	const [inside, outside] = [createSocket("udp4"), createSocket("udp4")];
	endings.push(() => inside.close());
	endings.push(() => outside.close());
	let peer: RemoteInfo | undefined;
	const queue: Buffer[] = [];
	let [queued, budget] = [0, 0];
	inside.on("message", (datagram, from) => {
		peer = from;
		if (queued + datagram.length > 64_000) return;
		queue.push(datagram);
		queued += datagram.length;
	});
	outside.on("message", (datagram) => peer && inside.send(datagram, peer.port, peer.address));
	const timer = setInterval(() => {
		budget = Math.min(budget + 1250, 5000);
		while (queue[0] && queue[0].length <= budget) {
			const datagram = queue.shift()!;
			budget -= datagram.length;
			queued -= datagram.length;
			outside.send(datagram, port, "127.0.0.1");
		}
	}, 10);
	endings.push(() => clearInterval(timer));
	await bound(outside);
	return bound(inside);
}
/** Bytes of a stream so far, and how it ended. */
function follow(stream: RecvStream) {
	const seen = { bytes: 0, end: "" };
	void (async () => {
		for (let chunk = await stream.read(); chunk; chunk = await stream.read()) seen.bytes += chunk.length;
		seen.end = "whole";
	})().catch((error) => {
		seen.end = String(error.kind);
	});
	return seen;
}

it("A12: switched off, a group that waits for a slow line does not leave the house any more, although it is whole", async () => {
	const certificate = await makeCertificate({ hosts: ["localhost", "127.0.0.1"], now: Date.now() });
	const server = await Http3Server.listen({ host: "127.0.0.1", port: 0, ...certificate });
	const line = await slowLine(server.port);
	const accepting = server.next().then((request) => request!.accept());
	const session = await connectHttp3(new URL(`https://127.0.0.1:${line}/x`), {
		certificateHashes: [certificate.sha256],
	});
	endings.push(() => session.close(0, ""));
	const far = await accepting;
	let opened = () => {};
	const isOpen = new Promise<void>((resolve) => {
		opened = resolve;
	});
	const feed = new Feed(async () => {
		const stream = await session.openUni();
		opened();
		return stream;
	}, {});
	feed.begin(1);
	for (let i = 0; i < 10; i++) feed.write(new Uint8Array(50_000));
	feed.end();
	await isOpen;
	const seen = follow((await far.acceptUni())!);
	await new Promise((resolve) => setTimeout(resolve, 800));
	const before = seen.bytes;
	expect(before).toBeLessThan(250_000);
	feed.cut();
	const deadline = Date.now() + 15_000;
	while (seen.end === "" && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
	expect(seen.end).toBe("reset");
	// What had left already: the line's own queue.
	expect(seen.bytes - before).toBeLessThan(150_000);
}, 30_000);
