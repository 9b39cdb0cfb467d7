import { getEventListeners } from "node:events";
import { CameraSource } from "@mivisus/agent/camera";
import type { Relocate } from "@mivisus/agent/discovery/whereabouts";
import { RtspSession } from "@mivisus/agent/rtsp/session";
import { afterEach, describe, expect, it } from "vitest";
import { cable, House, noNetworks } from "./networks.ts";
import { type Script, ScriptedCamera } from "./scripted.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

const AUTH = { user: "owner", password: "secret", challenges: ['Digest realm="cam", nonce="n"'] };

/** A camera on 127.0.0.1 that its owner knows at 127.0.0.9, where nothing listens; its waits are twenty times as short. */
async function moved(script: Script, relocate: Relocate) {
	const camera = await ScriptedCamera.listen(script);
	ends.push(() => camera.close());
	const states: string[] = [];
	const logged: string[] = [];
	let waiting: (() => void)[] = [];
	const note = (fields: object, message: string) => void logged.push(`${JSON.stringify(fields)} ${message}`);
	const source = new CameraSource({
		access: {
			v: 1,
			url: { scheme: "rtsp", host: "127.0.0.9", port: camera.port, path: "/" },
			user: AUTH.user,
			password: AUTH.password,
		},
		transport: "tcp",
		relocate,
		log: { info: note, warn: note },
		clock: {
			now: Date.now,
			after: (ms, callback) => {
				const timer = setTimeout(callback, ms / 20);
				return () => clearTimeout(timer);
			},
		},
	});
	ends.push(() => source.stop());
	source.start({
		tracks: () => {},
		unit: () => {},
		state: ({ code }) => {
			states.push(code);
			for (const wake of waiting) wake();
			waiting = [];
		},
	});
	const until = async (code: string) => {
		while (!states.includes(code)) await new Promise<void>((resolve) => waiting.push(resolve));
	};
	return { camera, source, states, logged, until };
}

describe("a camera whose address changed", () => {
	it("A06: gives its picture at the new one, and neither is in the log", async () => {
		const play: Script["play"] = (peer) => peer.frames(peer.media.gop(3));
		const { logged, until } = await moved({ auth: AUTH, play }, async () => "127.0.0.1");
		await until("live");
		expect(logged.filter((line) => line.includes("found again"))).toHaveLength(1);
		expect(logged.join()).not.toContain("127.0.0");
	});
	it("A06: a device in its place that wants the password in clear does not get it", async () => {
		const auth = { ...AUTH, challenges: ['Basic realm="cam"'] };
		const { camera, until } = await moved({ auth }, async () => "127.0.0.1");
		await until("stream-unsupported");
		const sent = camera.peers.flatMap(({ requests }) => requests.map(({ headers }) => headers.get("authorization")));
		expect(sent.length).toBeGreaterThan(1);
		expect(sent.filter((one) => one !== undefined)).toEqual([]);
	});
	it("an unreachable camera that is tried for days leaves nothing behind", async () => {
		const { signal } = new AbortController();
		const access = { scheme: "rtsp" as const, host: "127.0.0.9", port: 9, path: "/" };
		const nothing = () => {};
		const clock = { now: Date.now, after: () => nothing };
		const heard = { onMedia: nothing, onPacket: nothing, onReport: nothing, onLost: nothing, isExpected: () => false };
		await expect(RtspSession.open({ access, transport: "tcp", clock, ...heard }, signal)).rejects.toThrow();
		expect(getEventListeners(signal, "abort")).toEqual([]);
	});
	it("A06: the agent stops at once, in the middle of a look", async () => {
		let looking = () => {};
		const begun = new Promise<void>((resolve) => {
			looking = resolve;
		});
		const { source } = await moved(
			{},
			(signal) =>
				new Promise((resolve) => {
					signal.addEventListener("abort", () => resolve(undefined));
					looking();
				}),
		);
		await begun;
		await source.stop();
	});
});

if (noNetworks) console.log(`not run: a camera that moves in a real network, because ${noNetworks}`);

describe.skipIf(noNetworks)("in a network of its own", () => {
	it("A06: a camera that gets another address from its router is found there, by the agent as it runs", async () => {
		const [cameras, agent] = await Promise.all([House.start("cameras"), House.start("agent")]);
		ends.push(() => Promise.all([cameras.stop(), agent.stop()]));
		cable(cameras, agent, "n1");
		agent.address("n1", "10.77.1.1", "fe80::1:1");
		cameras.address("n1", "10.77.1.2", "fe80::1:2");
		const begin = (host: string) =>
			cameras.tell({ addresses: [host], reference: "urn:uuid:moving", name: "Moving", rtsp: true });
		const lives = (times: number) =>
			agent.until((said) => said.filter(({ state }) => state === "live").length === times);
		begin("10.77.1.2");
		await cameras.until((said) => said.some(({ began }) => began));
		agent.tell({ watch: { device: "urn:uuid:moving", host: "10.77.1.2" } });
		await lives(1);
		cameras.forget("n1", "10.77.1.2");
		cameras.address("n1", "10.77.1.77", "fe80::1:3");
		begin("10.77.1.77");
		await lives(2);
	});
});
