import { CameraSource } from "@mivisus/agent/camera";
import { MAX_MESSAGES_A_SECOND } from "@mivisus/agent/rtsp/limits";
import { afterEach, describe, expect, it } from "vitest";
import { type Script, ScriptedCamera } from "../scripted.ts";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

/** Reads the camera until `over` holds for what the source said; a failure of the agent's process fails the test. */
async function watch(
	script: Script,
	transport: "tcp" | "udp",
	over: (said: string) => boolean,
	tracks = () => {},
): Promise<string[]> {
	const camera = await ScriptedCamera.listen(script);
	const said: string[] = [];
	let check = () => {};
	const say = (text: string) => {
		said.push(text);
		check();
	};
	const source = new CameraSource({
		access: { v: 1, url: { scheme: "rtsp", host: "127.0.0.1", port: camera.port, path: "/live" } },
		transport,
		clock: {
			now: Date.now,
			after: (ms, callback) => {
				const timer = setTimeout(callback, ms);
				return () => clearTimeout(timer);
			},
		},
		log: { info: () => {}, warn: (fields, message) => say(`log ${JSON.stringify(fields)} ${message}`) },
	});
	ends.push(async () => {
		await source.stop();
		await camera.close();
	});
	await new Promise<void>((resolve) => {
		check = () => over(said.at(-1) ?? "") && resolve();
		source.start({
			tracks,
			unit: (kind) => say(kind),
			state: ({ code, detail = "" }) => say(`${code} ${detail}`),
		});
	});
	return said;
}

describe("R9: a hostile camera costs its own picture only", () => {
	it.each(["99999999-99999999", "0-0", "65535", "70000-1"])("it names server_port=%s", async (ports) => {
		const script: Script = {
			answer: ({ method, headers }, peer) => {
				const transport = headers.get("transport") ?? "";
				if (method !== "SETUP") return undefined;
				peer.clientPorts.push(Number(/client_port=(\d+)/.exec(transport)?.[1]));
				return { status: 200, headers: { Transport: `${transport};server_port=${ports}`, Session: "1" } };
			},
			play: (peer) => peer.datagrams(peer.media.gop(10)),
		};
		expect(await watch(script, "udp", (said) => said === "video")).toContain("live ");
	});
	it("it asks and asks, and reads no answer", async () => {
		const question = `OPTIONS * RTSP/1.0\r\nCSeq: ${"9".repeat(15_000)}\r\n\r\n`;
		const said = await watch(
			{
				play: (peer) => {
					peer.deafen();
					for (let n = 0; n < 2000; n++) peer.send(question);
				},
			},
			"tcp",
			(line) => line.startsWith("camera-"),
		);
		expect(said.at(-1)).toContain("does not read");
	});
	it.each([
		["at the limit is heard", MAX_MESSAGES_A_SECOND - 10, "live "],
		["above it is cut off", MAX_MESSAGES_A_SECOND + 1, "camera-unreachable The camera sends messages without an end."],
	])("a flood of messages %s", async (_name, count, told) => {
		const play: Script["play"] = (peer) => {
			peer.send("RTSP/1.0 100 Continue\r\n\r\n".repeat(count));
			peer.frames(peer.media.gop(10));
		};
		const said = await watch({ play }, "tcp", (line) => line === told);
		expect(said).toContain(told);
	});
	it("it finds a fault of ours: its picture ends in words, and the agent goes on", async () => {
		const fault = () => {
			throw new RangeError("secret words of the camera");
		};
		const play: Script["play"] = (peer) => peer.frames(peer.media.gop(10));
		const said = await watch({ play }, "tcp", (line) => line.startsWith("stream-unsupported"), fault);
		expect(said.join()).toContain('"name":"RangeError"');
		expect(said.join()).not.toContain("secret words");
	});
	it("its description quotes nothing that a terminal obeys", async () => {
		const sdp = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 \u001b]0;owned\u0007\u202eH264X/90000\r\n";
		const said = await watch({ sdp }, "tcp", (line) => line.startsWith("stream-unsupported"));
		expect(said.join()).toContain("]0;OWNEDH264X");
		expect(said.join()).not.toMatch(/[\p{Cc}\p{Cf}]/u);
	});
});
