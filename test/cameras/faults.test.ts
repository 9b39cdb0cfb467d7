/**
 * Group 1 of the field's faults (R04-R09; R01-R03 stand in sign-in.test.ts), the variants that dialogue.test.ts leaves open, each over real sockets. The
 * letters are those of the fault's script.
 */
import { describe, expect, it } from "vitest";
import { type Answering, AUDIO_SDP, interleaved, type Peer, type Request, type Script, SDP } from "./scripted.ts";
import { digest, shows, watch } from "./watched.ts";

const account = { user: "viewer", password: "secret" };
const setUp = (more: (request: Request) => Record<string, string> = () => ({})): Answering => {
	return (request) => {
		if (request.method !== "SETUP") return undefined;
		const headers = { Transport: request.headers.get("transport") ?? "", Session: "7", ...more(request) };
		return { status: 200, headers };
	};
};

describe("R04: the transport that worked is remembered", () => {
	it.each([461, 406])(
		"after a refusal by %i the next session begins with the one that gave pictures",
		async (status) => {
			const { camera, clock, witness } = await shows(
				{
					answer: ({ method, headers }) =>
						method === "SETUP" && headers.get("transport")?.includes("client_port") ? { status } : undefined,
				},
				{ transport: "udp" },
			);
			expect(camera.peers).toHaveLength(2);
			camera.peers[1]?.cut();
			await witness.until(({ states }) => states.at(-1) === "camera-unreachable");
			clock.advance(1000);
			await witness.until(({ pictures }) => pictures.length === 18);
			expect(camera.peers).toHaveLength(3);
		},
	);
	it("a camera that answers TCP with datagrams only is asked for datagrams", async () => {
		const answers = setUp(({ headers }) => ({
			Transport: headers.get("transport")?.includes("client_port")
				? `${headers.get("transport")};server_port=9-10`
				: "RTP/AVP/UDP;unicast;client_port=0-1",
		}));
		const script: Script = {
			answer: (request, peer) => {
				const port = /client_port=(\d+)/.exec(request.headers.get("transport") ?? "")?.[1];
				if (port) peer.clientPorts.push(Number(port));
				return answers(request, peer);
			},
			play: (peer) => peer.datagrams(peer.media.gop(10)),
		};
		const { camera } = await shows(script, { transport: "auto" });
		expect(camera.peers[0]?.methods).toEqual(["OPTIONS", "DESCRIBE", "SETUP", "TEARDOWN"]);
	});
});

describe("R05: replies of any shape", () => {
	const signIn: Script = { auth: { ...account, challenges: ['Basic realm="/"', digest()] } };
	const renamed = (reply: string) =>
		reply
			.replace("CSeq", "Cseq")
			.replace("Content-Length", "Content-length")
			.replaceAll("WWW-Authenticate", "www-authenticate")
			.replace("Session", "SESSION");
	let line = 0;
	it.each<[string, Script]>([
		[
			"every other line ends with LF alone",
			{ shape: (reply) => reply.replace(/\r\n/g, () => (line++ % 2 ? "\n" : "\r\n")) },
		],
		["LF alone, Session after Transport", { lineEnd: "\n", ...({ answer: setUp() } as Script) }],
		["LF alone, and in the SDP, too", { lineEnd: "\n", sdp: SDP.replaceAll("\r\n", "\n") }],
		["CRLF, and LF in the SDP", { sdp: SDP.replaceAll("\r\n", "\n") }],
		["names in odd case", { shape: renamed }],
		["names in odd case, LF, in pieces of 3 bytes", { shape: renamed, lineEnd: "\n", pieces: 3 }],
		["without any CSeq", { shape: (reply) => reply.replace(/CSeq: \d+\r\n/, "") }],
	])("%s", async (_name, script) => {
		line = 0;
		await shows({ ...signIn, ...script }, account);
	});
	it("a segment ends between CR and LF, everywhere", async () => {
		await shows(
			{
				...signIn,
				answer: (request, peer) => {
					if (request.method !== "OPTIONS") return undefined;
					const lines = ["RTSP/1.0 200 OK", `CSeq: ${request.headers.get("cseq")}`, "Public: DESCRIBE", "", ""];
					void (async () => {
						for (const [index, text] of lines.join("\r\n").split("\n").entries()) {
							peer.send(index === 0 ? text : `\n${text}`);
							await new Promise((resolve) => setImmediate(resolve));
						}
					})();
					return null;
				},
			},
			account,
		);
	});
});

describe("R06: tracks lie where the reply says", () => {
	const both = (video: string, audio: string): Answering =>
		setUp(({ url }) => ({ Transport: `RTP/AVP/TCP;unicast${url.endsWith("1") ? video : audio}` }));
	it("sound on 4-5, though 2-3 was asked for, is sound, and reports beside it are none", async () => {
		const { camera, witness } = await shows({
			sdp: SDP + AUDIO_SDP,
			answer: both(";interleaved=0-1", ";interleaved=4-5"),
			play: (peer) => {
				peer.frames(peer.media.gop(10));
				peer.frames([Buffer.from("80c9000100000001", "hex")], 5);
				peer.frames(peer.media.sounds(5), 4);
			},
		});
		await witness.until(({ sounds }) => sounds.length === 5);
		expect(camera.peers[0]?.requests[3]?.headers.get("transport")).toContain("interleaved=2-3");
	});
	it("the same pair for both is refused, and sound on it is never taken for a picture", async () => {
		const { witness } = await shows({
			sdp: SDP + AUDIO_SDP,
			answer: both(";interleaved=0-1", ";interleaved=0-1"),
			play: (peer) => {
				for (let n = 0; n < 5; n++) {
					peer.frames(peer.media.sounds(2), 0);
					peer.frames(n === 0 ? peer.media.gop(3) : peer.media.pictures(2), 0);
				}
			},
		});
		expect(witness.sounds).toEqual([]);
		expect(witness.pictures.map(({ key }) => key)).toEqual([
			true,
			...new Array(witness.pictures.length - 1).fill(false),
		]);
	});
});

describe("R07: what a full window leaves behind", () => {
	/** Three good pictures, the damage, then a new key frame with the rest. */
	const damaged = async (damage: (peer: Peer) => void) => {
		const { camera, witness } = await shows({
			play: (peer) => {
				peer.frames(peer.media.gop(4));
				damage(peer);
				peer.frames(peer.media.gop(8));
			},
		});
		expect(camera.peers).toHaveLength(1);
		expect(witness.pictures.filter(({ key }) => key)).toHaveLength(2);
		return witness.pictures.length;
	};
	const long = (peer: Peer) => interleaved(0, Buffer.concat([peer.media.pictures(1)[0]!, Buffer.alloc(600, 0x80)]));
	it.each([1, 2, 3, 4, 5])("300 bytes of chance with `$` and absurd lengths in them (%i)", async (seed) => {
		let state = seed;
		const junk = Buffer.from(
			Array.from({ length: 300 }, () => {
				state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
				return state >>> 24;
			}),
		);
		for (let at = 5; at < 300; at += 40) junk.set([0x24, 0, 0xff, 0xff], at);
		await damaged((peer) => peer.send(junk));
	});
	it("a frame that lacks its last 200 bytes costs its own picture and those that rest on it", async () => {
		expect(
			await damaged((peer) => {
				const frame = long(peer);
				peer.send(frame.subarray(0, frame.length - 200));
				peer.frames(peer.media.pictures(2));
			}),
		).toBeLessThanOrEqual(12);
	});
	it("a frame written twice, the first copy cut short, costs nothing but itself", async () => {
		await damaged((peer) => {
			const frame = long(peer);
			peer.send(frame.subarray(0, 99));
			peer.send(frame);
		});
	});
	it("past the limit of the search the camera is asked anew", async () => {
		const { camera, clock, witness } = await shows({
			play: (peer) => {
				peer.frames(peer.media.gop(10));
				if (camera_is_first(peer)) for (let n = 0; n < 40; n++) peer.send(Buffer.alloc(64 * 1024, 1));
			},
		});
		await witness.until(({ states }) => states.at(-1) === "camera-unreachable");
		clock.advance(1000);
		await witness.until(({ pictures }) => pictures.length >= 18);
		expect(camera.peers).toHaveLength(2);
	});
});
let first: Peer | undefined;
const camera_is_first = (peer: Peer) => {
	first ??= peer;
	return peer === first;
};

describe("R08: the camera asks 30 s into the stream", () => {
	it.each(["OPTIONS * RTSP/1.0", "OPTIONS*RTSP/1.0", "GET_PARAMETER rtsp://c/ RTSP/1.0"])(
		"%s, right after it answered our keepalive, between two frames: it gets its 200, and pictures go on",
		async (start) => {
			const { camera, clock, witness } = await shows({ answer: setUp(() => ({ Session: "0" })) });
			const peer = camera.peers[0]!;
			clock.advance(3000);
			for (let n = 0; n < 9; n++) {
				peer.frames(peer.media.pictures(2));
				await witness.until(({ pictures }) => pictures.length >= 10 + n * 2);
				clock.advance(3000);
			}
			await peer.until(({ methods }) => methods.at(-1) === "GET_PARAMETER");
			expect(peer.requests.at(-1)?.headers.get("session")).toBe("0");
			const before = witness.pictures.length;
			peer.frames(peer.media.pictures(1));
			peer.send(`${start}\r\nCSeq: 1\r\n\r\n`);
			peer.frames(peer.media.pictures(3));
			await peer.until(({ replies }) => replies.length === 1);
			expect(peer.replies[0]).toMatch(/^RTSP\/1\.0 200 OK\r\nCSeq: 1$/);
			await witness.until(({ pictures }) => pictures.length >= before + 3);
			expect(witness.states).toEqual(["waiting", "live"]);
		},
	);
	it("REDIRECT in mid-stream: the old session is ended cleanly, by TEARDOWN", async () => {
		const { camera, witness } = await shows({});
		camera.peers[0]?.send("REDIRECT rtsp://192.0.2.9/ RTSP/1.0\r\nCSeq: 1\r\nLocation: rtsp://192.0.2.9/\r\n\r\n");
		await witness.until(({ states }) => states.at(-1) === "camera-unreachable");
		await camera.peers[0]?.closed;
		expect(camera.peers[0]?.methods.at(-1)).toBe("TEARDOWN");
	});
});

describe("R09: every URL of the dialogue", () => {
	const described =
		(headers: Record<string, string>, sdp: string): Answering =>
		({ method, url }) => {
			const fill = (text: string) => text.replaceAll("{}", url.replace(/^(rtsp:\/\/[^/]+).*/, "$1"));
			if (method !== "DESCRIBE") return undefined;
			const filled = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fill(value)]));
			return { status: 200, headers: filled, body: fill(sdp) };
		};
	const urls = (peer: Peer | undefined) =>
		(peer?.requests ?? []).map(({ method, url }) => `${method} ${url.replace(/^rtsp:\/\/[^/]+/, "")}`);
	it.each<[string, string, Record<string, string>, string, string[]]>([
		[
			"Content-Location, without Content-Base",
			"/live",
			{ "Content-Location": "{}/real/" },
			SDP,
			["/real/track1", "/real/"],
		],
		[
			"(e) a=control:* plays on the base",
			"/live",
			{ "Content-Base": "{}/live/" },
			`a=control:*\r\n${SDP}`,
			["/live/track1", "/live/"],
		],
		[
			"a session's own control",
			"/live",
			{ "Content-Base": "{}/x/" },
			`a=control:{}/all\r\n${SDP}`,
			["/x/track1", "/all"],
		],
		["(c) neither base nor control of the session", "/live", {}, SDP, ["/live/track1", "/live"]],
		[
			"(d) an absolute control with credentials",
			"/m?v=1",
			{},
			SDP.replace("track1", "rtsp://u:p@h/m/1?v=1"),
			["/m/1?v=1", "/m?v=1"],
		],
	])("%s", async (_name, path, headers, sdp, [setup, play]) => {
		const { camera } = await shows({ answer: described(headers, sdp) }, { path });
		expect(urls(camera.peers[0]).slice(2)).toEqual([`SETUP ${setup}`, `PLAY ${play}`]);
		expect(camera.peers[0]?.requests.map(({ url }) => url).join()).not.toContain("u:p@");
	});
	it("the digest's uri is the request's URL to the letter, in each request", async () => {
		const { camera } = await watch(
			{
				auth: { ...account, challenges: [digest()] },
				answer: (request, peer) =>
					request.headers.has("authorization")
						? described({ "Content-Base": "{}/1?mode=Live&seek=0/" }, SDP)(request, peer)
						: undefined,
			},
			{ ...account, path: "/1?mode=Live" },
		);
		const peer = await camera.peer(0);
		await peer.until(({ methods }) => methods.includes("PLAY"));
		const signed = peer.requests.filter(({ headers }) => headers.has("authorization"));
		expect(signed).toHaveLength(3);
		for (const { url, headers } of signed) expect(headers.get("authorization")).toContain(`uri="${url}"`);
	});
});
