import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { H264Depacketizer } from "../../agent/codecs/h264.ts";
import { parseRtp } from "../../agent/rtp/packet.ts";
import { digestResponse, parseChallenges } from "../../agent/rtsp/auth.ts";
import { encodeMessage, MessageParser, type RtspItem, type RtspReply } from "../../agent/rtsp/message.ts";
import { type ClipPicture, packetize, readClip } from "./clip.ts";
import { type DemoCamera, startDemoCamera } from "./server.ts";

const clip = readFileSync(new URL("clip.h264", import.meta.url));

describe("the clip", () => {
	it("is small, whole GOPs of 50, without B-frames, and each begins with its parameter sets", () => {
		expect(clip.length).toBeLessThan(1_000_000);
		const pictures = readClip(clip);
		expect(pictures).toHaveLength(500);
		expect(pictures.flatMap(({ key }, index) => (key ? [index] : []))).toEqual(
			Array.from({ length: 10 }, (_, gop) => gop * 50),
		);
		for (const { key, nals } of pictures) expect(nals.map((nal) => nal[0]! & 31)).toEqual(key ? [7, 8, 5] : [1]);
	});

	it("survives the way into RTP packets and out of them, over both wraps", () => {
		const pictures = readClip(clip).slice(0, 60);
		const position = { sequence: 65_500, timestamp: 2 ** 32 - 3600, ssrc: 0, payloadType: 96 };
		const depacketizer = new H264Depacketizer();
		const seen: Uint8Array[] = [];
		for (const picture of pictures) {
			for (const bytes of packetize(picture, position)) {
				expect(bytes.length).toBeLessThanOrEqual(1412);
				for (const unit of depacketizer.push(parseRtp(bytes)!, false, 0)) seen.push(unit.data);
			}
			position.timestamp = (position.timestamp + 3600) % 2 ** 32;
		}
		const lastNal = ({ nals }: ClipPicture) => Buffer.from(nals.at(-1)!);
		// The first pictures may wait for the one after; each that came is the clip's, byte for byte.
		expect(seen.length).toBeGreaterThanOrEqual(59);
		for (const [index, data] of seen.entries()) {
			expect(Buffer.from(data.subarray(4)).equals(lastNal(pictures[index]!))).toBe(true);
		}
	});
});

/** A visitor who knows the dialogue by heart; real clients are in agent/ingest.test.ts. */
async function visit(port: number) {
	const socket = connect(port, "127.0.0.1");
	await once(socket, "connect");
	const parser = new MessageParser({ now: Date.now, isAssigned: () => true, isExpected: () => true });
	const items: RtspItem[] = [];
	let wake = () => {};
	socket.on("data", (chunk) => {
		items.push(...parser.push(chunk));
		wake();
	});
	const next = async <T extends RtspItem["kind"]>(kind: T): Promise<Extract<RtspItem, { kind: T }>> => {
		for (;;) {
			const index = items.findIndex((item) => item.kind === kind);
			if (index >= 0) return items.splice(index, 1)[0] as Extract<RtspItem, { kind: T }>;
			await new Promise<void>((resolve) => {
				wake = resolve;
			});
		}
	};
	let sequence = 0;
	const ask = (method: string, url: string, headers: [string, string][] = []): Promise<RtspReply> => {
		sequence += 1;
		socket.write(encodeMessage(`${method} ${url} RTSP/1.0`, [["CSeq", String(sequence)], ...headers]));
		return next("reply");
	};
	const signed = (challenges: string[], password: string, algorithm = "SHA-256") => {
		const offer = parseChallenges(challenges).find(({ params }) => params.get("algorithm") === algorithm)!;
		const [realm, nonce] = [offer.params.get("realm")!, offer.params.get("nonce")!];
		let count = 0;
		return (method: string, uri: string, nc = ++count): [string, string] => {
			const qop = { nc: nc.toString(16).padStart(8, "0"), cnonce: "c" };
			const hash = algorithm === "MD5" ? "md5" : "sha256";
			const response = digestResponse({ hash, session: false, user: "demo", realm, password, method, uri, nonce, qop });
			const fields = `username="demo", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}"`;
			return ["Authorization", `Digest ${fields}, algorithm=${algorithm}, qop=auth, nc=${qop.nc}, cnonce="c"`];
		};
	};
	return {
		socket,
		ask,
		next,
		signed,
		challenge: async (url: string) => (await ask("DESCRIBE", url)).headers.all("WWW-Authenticate"),
	};
}

describe("the server", () => {
	let camera: DemoCamera | undefined;
	afterEach(async () => camera?.stop());
	const start = async () => {
		camera = await startDemoCamera({ port: 0, user: "demo", password: "p@ss" });
		return { port: camera.port, url: `rtsp://127.0.0.1:${camera.port}${camera.path}` };
	};

	it("lets nobody in without the password, nor with an answer that was used before", async () => {
		const { port, url } = await start();
		const { ask, signed, challenge, socket } = await visit(port);
		const challenges = await challenge(url);
		expect((await ask("DESCRIBE", url, [signed(challenges, "wrong")("DESCRIBE", url)])).status).toBe(401);
		for (const algorithm of ["MD5", "SHA-256"]) {
			const sign = signed(challenges, "p@ss", algorithm);
			const used = sign("DESCRIBE", url, algorithm === "MD5" ? 1 : 2);
			expect((await ask("DESCRIBE", url, [used])).status).toBe(200);
			expect((await ask("DESCRIBE", url, [used])).status).toBe(401);
		}
		socket.destroy();
	});

	it("sends inside the connection on the channels that were asked for, beginning with a key frame", async () => {
		const { port, url } = await start();
		const { ask, next, signed, challenge, socket } = await visit(port);
		const sign = signed(await challenge(url), "p@ss");
		const track = `${url}/track=0`;
		const setup = await ask("SETUP", track, [
			sign("SETUP", track),
			["Transport", "RTP/AVP/TCP;unicast;interleaved=4-5"],
		]);
		expect(setup.headers.get("transport")).toContain("interleaved=4-5");
		const session: [string, string] = ["Session", setup.headers.get("session")!.split(";")[0]!];
		const play = await ask("PLAY", `${url}/`, [sign("PLAY", `${url}/`), session]);
		const rtpInfo = /seq=(\d+);rtptime=(\d+)/.exec(play.headers.get("rtp-info")!)!;
		const report = await next("frame");
		expect([report.channel, report.data[1]]).toEqual([5, 200]);
		const first = await next("frame");
		const packet = parseRtp(first.data)!;
		expect([first.channel, packet.sequence, packet.timestamp]).toEqual([4, Number(rtpInfo[1]), Number(rtpInfo[2])]);
		expect(packet.payload[0]! & 31).toBe(7);
		expect((await ask("TEARDOWN", url, [sign("TEARDOWN", url), session])).status).toBe(200);
		socket.destroy();
	});

	it("sends datagrams to the visitor's own address", async () => {
		const { port, url } = await start();
		const { ask, signed, challenge, socket } = await visit(port);
		const udp = createSocket("udp4").bind(0, "127.0.0.1");
		await once(udp, "listening");
		const sign = signed(await challenge(url), "p@ss");
		const track = `${url}/track=0`;
		const own = udp.address().port;
		const transport: [string, string] = ["Transport", `RTP/AVP;unicast;client_port=${own}-${own + 1}`];
		const setup = await ask("SETUP", track, [sign("SETUP", track), transport]);
		const session: [string, string] = ["Session", setup.headers.get("session")!.split(";")[0]!];
		await ask("PLAY", url, [sign("PLAY", url), session]);
		const [datagram] = await once(udp, "message");
		expect(parseRtp(datagram)!.payloadType).toBe(96);
		socket.destroy();
		udp.close();
	});

	it("refuses what it does not have with the right words", async () => {
		const { port, url } = await start();
		const { ask, signed, challenge, socket } = await visit(port);
		const sign = signed(await challenge(url), "p@ss");
		const other = url.replace("/live", "/other");
		expect((await ask("DESCRIBE", other, [sign("DESCRIBE", other)])).status).toBe(404);
		expect((await ask("PLAY", url, [sign("PLAY", url)])).status).toBe(454);
		const track = `${url}/track=0`;
		expect((await ask("SETUP", track, [sign("SETUP", track), ["Transport", "RTP/SAVP;unicast"]])).status).toBe(461);
		expect((await ask("RECORD", url, [sign("RECORD", url)])).status).toBe(501);
		socket.destroy();
	});
});

it("the program says one line when it is ready, does not print the password, and ends on SIGTERM", async () => {
	const main = fileURLToPath(new URL("main.ts", import.meta.url));
	const args = ["--import", "tsx", main, "--port", "0", "--user", "demo"];
	const child = spawn(process.execPath, args, {
		stdio: ["ignore", "pipe", "inherit"],
		env: { ...process.env, MIVISUS_DEMO_CAMERA_PASSWORD: "p@ss-1" },
	});
	const lines = createInterface({ input: child.stdout });
	const [line] = await once(lines, "line");
	expect(line).toMatch(/^demo camera ready: rtsp:\/\/127\.0\.0\.1:\d+\/live \(user demo\)$/);
	child.kill("SIGTERM");
	expect(await once(child, "exit")).toEqual([0, null]);
});
