/** Media by UDP: ports, firewalls, whose datagrams count, and the reports that cameras wait for. Real sockets. */
import { createSocket, type Socket } from "node:dgram";
import { afterEach, describe, expect, it } from "vitest";
import { type Answering, Media, type Peer, type Script, SSRC } from "./scripted.ts";
import { shows, watch } from "./watched.ts";

const sockets: Socket[] = [];
afterEach(() => {
	for (const socket of sockets.splice(0)) socket.close();
});
/** A UDP port of the camera's, and what it hears. */
async function port(address = "127.0.0.1") {
	const socket = createSocket("udp4");
	sockets.push(socket);
	await new Promise<void>((resolve) => socket.bind(0, address, resolve));
	const heard: Buffer[] = [];
	let changed = () => {};
	socket.on("message", (data) => {
		heard.push(data);
		changed();
	});
	const until = async (condition: () => boolean) => {
		while (!condition()) {
			await new Promise<void>((resolve) => {
				changed = resolve;
			});
		}
	};
	return {
		number: socket.address().port,
		heard,
		until,
		send: (data: Buffer, to: number) => socket.send(data, to, "127.0.0.1"),
	};
}
/** A camera that sends by UDP from the ports that it names. */
const names =
	(more: string): Answering =>
	({ method, headers }, peer) => {
		const asked = headers.get("transport") ?? "";
		if (method !== "SETUP") return undefined;
		peer.clientPorts.push(Number(/client_port=(\d+)/.exec(asked)?.[1]));
		return { status: 200, headers: { Transport: `${asked};${more}`, Session: "1;timeout=60" } };
	};
const udp = { transport: "udp" as const };
const sendAll = (peer: Peer, from: Awaited<ReturnType<typeof port>>, packets: Buffer[]) => {
	for (const packet of packets) from.send(packet, peer.clientPorts[0]!);
};

describe("ports", () => {
	it("RTP is asked for on an even port, RTCP on the next", async () => {
		const { camera } = await shows({ play: (peer) => peer.datagrams(peer.media.gop(10)) }, udp);
		const [, first, second] = /client_port=(\d+)-(\d+)/.exec(
			camera.peers[0]?.requests[2]?.headers.get("transport") ?? "",
		)!;
		expect(Number(first) % 2).toBe(0);
		expect(Number(second)).toBe(Number(first) + 1);
	});
	it("both ports of the camera hear from the agent before PLAY, so that firewalls on the way open", async () => {
		const [rtp, rtcp] = [await port(), await port()];
		const { camera } = await watch({ answer: names(`server_port=${rtp.number}-${rtcp.number}`), play: () => {} }, udp);
		await rtp.until(() => rtp.heard.length > 0);
		await rtcp.until(() => rtcp.heard.length > 0);
		expect(rtp.heard[0]![0]! >> 6).toBe(2);
		expect(rtcp.heard[0]![1]).toBe(201);
		await camera.peers[0]?.until(({ methods }) => methods.includes("PLAY"));
	});
	it("they are free again after each session", async () => {
		const { camera, source } = await shows({ play: (peer) => peer.datagrams(peer.media.gop(10)) }, udp);
		await source.stop();
		const again = createSocket("udp4");
		sockets.push(again);
		await new Promise<void>((resolve, reject) => {
			again.once("error", reject);
			again.bind(camera.peers[0]!.clientPorts[0]!, resolve);
		});
	});
});

describe("whose datagrams count", () => {
	/** Another machine sends its own pictures first, and between the camera's. */
	const crowded = async (more: string, ownAddress: string, otherAddress: string) => {
		const [own, other] = [await port(ownAddress), await port(otherAddress)];
		const script: Script = {
			answer: names(`server_port=9-10${more}`),
			play: (peer) => {
				const strange = new Media(0xbad).gop(40);
				sendAll(peer, other, strange.slice(0, 20));
				sendAll(peer, own, peer.media.gop(10));
				sendAll(peer, other, strange.slice(20));
			},
		};
		const { witness } = await shows(script, udp);
		expect(witness.pictures).toHaveLength(9);
	};
	it("those of another address are nobody's", () => crowded("", "127.0.0.1", "127.0.0.2"));
	it("the source that the camera named is the camera's, and no third one is", () =>
		crowded(";source=127.0.0.2", "127.0.0.2", "127.0.0.3"));
	it("nothing is ever sent to an address that the camera names", async () => {
		const elsewhere = await port("127.0.0.2");
		const { number } = elsewhere;
		const [rtp, rtcp] = [await port(), await port()];
		const more = `source=127.0.0.2;destination=127.0.0.2;server_port=${rtp.number}-${rtcp.number}`;
		const { clock, witness } = await watch(
			{ answer: names(more), play: (peer) => sendAll(peer, elsewhere, peer.media.gop(10)) },
			udp,
		);
		await witness.until(({ logged }) => logged.length === 1);
		await rtcp.until(() => rtcp.heard.length === 1);
		clock.advance(3000);
		await rtcp.until(() => rtcp.heard.length === 2);
		expect(elsewhere.heard, `port ${number}`).toEqual([]);
	});
});

it("the camera hears every few seconds what arrived, because some stop without it", async () => {
	const rtcp = await port();
	const { camera, clock, witness } = await shows(
		{ answer: names(`server_port=9-${rtcp.number}`), play: (peer) => peer.datagrams(peer.media.gop(10)) },
		udp,
	);
	for (let n = 1; n <= 4; n++) {
		const before = witness.pictures.length;
		camera.peers[0]!.datagrams(camera.peers[0]!.media.pictures(2));
		await witness.until(({ pictures }) => pictures.length >= before + 1);
		clock.advance(2500);
	}
	await rtcp.until(() => rtcp.heard.length >= 3);
	const reports = rtcp.heard.slice(1);
	expect(reports.map((data) => [data[0], data[1], data.readUInt32BE(8)])).toEqual(reports.map(() => [0x81, 201, SSRC]));
	expect(
		reports.map((data) => data.readUIntBE(13, 3)),
		"nothing was lost",
	).toEqual(reports.map(() => 0));
});

it("R04: packets that come by neither transport are no loop: each is tried once, then there is a pause", async () => {
	const { camera, clock, witness } = await watch({ play: () => {} }, udp);
	await witness.until(({ logged }) => logged.length === 1);
	clock.advance(4000);
	await witness.until(({ logged }) => logged.length === 2);
	clock.advance(4000);
	await witness.until(({ states }) => states.at(-1) === "camera-unreachable");
	expect(camera.peers).toHaveLength(2);
	expect(witness.details.at(-1)).toBe("The camera sends nothing.");
});
