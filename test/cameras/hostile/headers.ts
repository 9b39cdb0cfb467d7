import type { Script } from "../scripted.ts";
import { type Behaviour, named } from "./behaviour.ts";

/** A plain camera whose reply to SETUP has these headers; `{}` stands for what was asked for. */
const setUp = (headers: Record<string, string>): Script => ({
	answer: (request, peer) => {
		if (request.method !== "SETUP") return undefined;
		const asked = request.headers.get("transport") ?? "";
		const port = /client_port=(\d+)/.exec(asked)?.[1];
		if (port) peer.clientPorts.push(Number(port));
		const filled = Object.entries({ Session: "1", Transport: "{}", ...headers }).map(([name, value]) => [
			name,
			value.replace("{}", asked),
		]);
		return { status: 200, headers: Object.fromEntries(filled) };
	},
	play: (peer) => (peer.clientPorts.length > 0 ? peer.datagrams(peer.media.gop(10)) : peer.frames(peer.media.gop(10))),
});
const transports = (values: string[]) =>
	Object.fromEntries(
		values.map((value) => [`Transport ${value.slice(0, 80) || "empty"}`, setUp({ Transport: value })]),
	);
const sessions = (values: string[]) =>
	Object.fromEntries(values.map((value) => [`Session ${value.slice(0, 80) || "empty"}`, setUp({ Session: value })]));

/** Hostile replies to SETUP. */
export const HEADERS: Behaviour[] = [
	...named("SETUP by TCP", {
		...transports([
			"",
			"interleaved=0-0",
			"interleaved=255-256",
			"interleaved=900-901",
			"interleaved=-1--2",
			"interleaved=one-two",
			`interleaved=${"9".repeat(400)}`,
			"RTP/AVP;multicast;destination=239.0.0.1;port=5000-5001",
			"RTP/SAVP;unicast",
			"{};ssrc=zzzz",
			"{};ssrc=FFFFFFFFFFFFFFFF",
			"{},{},{},{}",
			`{}${";".repeat(8000)}`,
			`{}${";a=b".repeat(3000)}`,
			"=;=;=",
		]),
		...sessions([
			"",
			";",
			"0",
			"x".repeat(12_000),
			"1;timeout=0",
			"1;timeout=-5",
			"1;timeout=1e12",
			"1;timeout=0.0001",
		]),
		...sessions([`1;timeout=${"9".repeat(400)}`, "1;timeout=99999999999", "\u0001\u0002", "a b c"]),
	}),
	...named(
		"SETUP by UDP",
		transports([
			"{};server_port=0-0",
			"{};server_port=99999999-99999999",
			"{};server_port=65535",
			"{};server_port=70000-1",
			"{};server_port=-5",
			"{};source=239.0.0.1;server_port=9-10",
			"{};source=not-an-address",
			"{};source=255.255.255.255;destination=255.255.255.255;server_port=9-10",
			`{};source=${"1.".repeat(3000)}`,
		]),
		"udp",
	),
];
