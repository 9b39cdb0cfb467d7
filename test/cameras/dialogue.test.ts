import { describe, expect, it } from "vitest";
import { AUDIO_SDP, interleaved, Media, type Peer, type Script, SDP } from "./scripted.ts";
import { digest, shows, watch } from "./watched.ts";

const SILENT_MS = 4000;

describe("a plain camera", () => {
	it("gives its tracks, then its pictures, strictly increasing, and is told goodbye", async () => {
		const { camera, witness, source, clock } = await shows({ sdp: SDP + AUDIO_SDP });
		expect(witness.tracks).toMatchObject([
			{ video: { codec: "avc1.42C00A", width: 64, height: 48 }, audio: { codec: "alaw", sampleRate: 8000 } },
		]);
		const stamps = witness.pictures.map(({ timestampUs }) => timestampUs);
		expect(stamps[0]).toBe(clock.ms * 1000);
		expect(stamps).toEqual([...new Set(stamps)].sort((a, b) => a - b));
		expect(witness.pictures.map(({ key }) => key)).toEqual([true, ...new Array(8).fill(false)]);
		await source.stop();
		expect(camera.peers[0]?.methods).toEqual(["OPTIONS", "DESCRIBE", "SETUP", "SETUP", "PLAY", "TEARDOWN"]);
		expect(camera.peers[0]?.requests.at(-1)?.headers.get("session")).toBe("12345678");
	});
	it("by UDP, too", async () => {
		await shows({ play: (peer) => peer.datagrams(peer.media.gop(10)) }, { transport: "udp" });
	});
	it("packets may come before the answer to PLAY", async () => {
		await shows({
			answer: ({ method }, peer) => {
				if (method === "PLAY") peer.frames(peer.media.gop(5));
				return undefined;
			},
			play: (peer) => peer.frames(peer.media.gop(5)),
		});
	});
	it("packets of a dead session before DESCRIBE is answered are nobody's (retina#17)", async () => {
		await shows({ connected: (peer) => peer.frames(new Media(0xdead).gop(6), 6) });
	});
	it("goes on over a reconnect, with timestamps that only grow", async () => {
		const { camera, clock, witness } = await shows({});
		camera.peers[0]?.cut();
		await witness.until(({ states }) => states.at(-1) === "camera-unreachable");
		clock.advance(1000);
		await witness.until(({ pictures }) => pictures.length >= 18);
		const stamps = witness.pictures.map(({ timestampUs }) => timestampUs);
		expect(stamps).toEqual([...new Set(stamps)].sort((a, b) => a - b));
		expect(witness.states).toEqual(["waiting", "live", "camera-unreachable", "waiting", "live"]);
	});
	it("that is stopped in mid-dialogue lets go at once and says nothing more", async () => {
		const { camera, witness, source } = await watch({
			answer: ({ method }) => (method === "DESCRIBE" ? null : undefined),
		});
		const peer = await camera.peer(0);
		await peer.until(({ methods }) => methods.includes("DESCRIBE"));
		await source.stop();
		await peer.closed;
		expect(witness.states).toEqual(["waiting"]);
	});
});

describe("silence", () => {
	it("no packet for 4 s is unreachable, not a moment earlier, and the camera is asked again", async () => {
		const { camera, clock, witness } = await shows({});
		clock.advance(SILENT_MS - 250);
		expect(witness.states.at(-1)).toBe("live");
		clock.advance(500);
		await witness.until(({ states }) => states.at(-1) === "camera-unreachable");
		await camera.peers[0]?.closed;
		expect(camera.peers[0]?.methods.at(-1)).toBe("TEARDOWN");
		clock.advance(1000);
		await (await camera.peer(1)).until(({ methods }) => methods.includes("PLAY"));
	});
	it("P06: packets without key frames are health, whatever the clock of the wall does", async () => {
		const { camera, clock, witness } = await shows({});
		for (let n = 1; n <= 8; n++) {
			// P pictures only.
			camera.peers[0]!.frames(camera.peers[0]!.media.pictures(2));
			await witness.until(({ pictures }) => pictures.length >= 9 + 2 * n);
			clock.advance(3500);
			if (n === 4) clock.setByMs += 3_600_000;
		}
		expect(witness.states).toEqual(["waiting", "live"]);
		expect(camera.peers).toHaveLength(1);
	});
	it("who answers nothing is unreachable", async () => {
		const mute = await watch({ answer: () => null });
		await (await mute.camera.peer(0)).until(({ methods }) => methods.length > 0);
		mute.clock.advance(8000);
		await mute.witness.until(({ states }) => states.at(-1) === "camera-unreachable");
	});
	it("who does not speak RTSP is unreachable, and nothing of it is kept", async () => {
		const web = await watch({ connected: (peer) => peer.send(Buffer.alloc(4 * 1024 * 1024)) });
		await web.witness.until(({ states }) => states.at(-1) === "camera-unreachable");
		expect(web.witness.details.at(-1)).toContain("does not speak RTSP");
	});
});

describe("R01: passwords that are not URL-safe reach the digest as they are", () => {
	it.each(["P@ss", "a:b", "a%0Xb", "50%", "pa##X", "a/b", "a?b", "p{q", "a^b", "é", 'q"\\u'])(
		"%s",
		async (password) => {
			const { camera } = await shows(
				{ auth: { user: "viewer", password, challenges: [digest()] } },
				{ user: "viewer", password },
			);
			for (const { url, headers } of camera.peers[0]!.requests) {
				expect(url).not.toContain("viewer");
				expect([...headers.values()].join()).not.toContain(password);
			}
		},
	);
});

describe("R02 and R03: the challenge decides", () => {
	it.each<[string, string[], "md5" | "sha256"]>([
		["MD5 with qop", [digest("cam", ', qop="auth", algorithm=MD5')], "md5"],
		["SHA-256 quoted, no qop", [digest("cam", ', algorithm="SHA-256", stale="FALSE"')], "sha256"],
		["MD5, then SHA-256", [digest(), digest("cam", ", algorithm=SHA-256")], "sha256"],
		["SHA-256, then MD5", [digest("cam", ", algorithm=SHA-256"), digest()], "sha256"],
		["qop auth,auth-int", [digest("cam", ', qop="auth,auth-int"')], "md5"],
		["Basic and Digest in two lines", ['Basic realm="/"', digest()], "md5"],
		["Basic and Digest in one", [`Basic realm="/", ${digest()}`], "md5"],
	])("%s", async (_name, challenges, hash) => {
		await shows({ auth: { user: "u", password: "p", challenges, hash } }, { user: "u", password: "p" });
	});
});

describe("a wrong password", () => {
	it("is named, is tried once, and is not tried again for long; it stands nowhere", async () => {
		const auth = { user: "cam", password: "right", challenges: [digest()] };
		const { camera, clock, witness } = await watch({ auth }, { user: "cam", password: "hunter2" });
		await witness.until(({ states }) => states.includes("camera-refused"));
		expect(witness.details.at(-1)).toMatch(/password/);
		expect(camera.peers[0]?.requests.filter(({ headers }) => headers.has("authorization"))).toHaveLength(1);
		expect(clock.longestWaitMs).toBe(30_000);
		clock.advance(30_000);
		await camera.peer(1);
		expect([...witness.logged, ...witness.details].join()).not.toMatch(/hunter2|127\.0\.0\.1/);
	});
	it("none at all is told in other words", async () => {
		const { witness } = await watch({ auth: { user: "cam", password: "right", challenges: [digest()] } });
		await witness.until(({ states }) => states.includes("camera-refused"));
		expect(witness.details.at(-1)).toContain("asks for a user");
	});
});

describe("R04: changing the transport runs the whole dialogue again", () => {
	it("UDP that stays silent: TEARDOWN, then a new connection from OPTIONS on, by TCP; and TCP is remembered", async () => {
		// A nonce that was given to one connection counts on that connection only, and only after DESCRIBE.
		let nonce = 0;
		const given = new Map<Peer, string>();
		const script: Script = {
			answer: ({ method, headers }, peer) => {
				const authorization = headers.get("authorization") ?? "";
				const mine = given.get(peer);
				if (method === "OPTIONS" || (mine !== undefined && authorization.includes(mine))) return undefined;
				if (method === "TEARDOWN") return undefined;
				const next = `n${++nonce}`;
				if (method === "DESCRIBE") given.set(peer, next);
				return { status: 401, headers: { "WWW-Authenticate": `Digest realm="cam", nonce="${next}"` } };
			},
			play: (peer) => peer.clientPorts.length === 0 && peer.frames(peer.media.gop(10)),
		};
		const { camera, clock, witness } = await watch(script, { transport: "udp", user: "u", password: "p" });
		await witness.until(({ logged }) => logged.length === 1);
		clock.advance(SILENT_MS);
		await witness.until(({ pictures }) => pictures.length === 9);
		const whole = ["OPTIONS", "DESCRIBE", "DESCRIBE", "SETUP", "PLAY"];
		expect(camera.peers.map(({ methods }) => methods)).toEqual([[...whole, "TEARDOWN"], whole]);
		expect(witness.states).toEqual(["waiting", "live"]);
		camera.peers[1]?.cut();
		await witness.until(({ states }) => states.at(-1) === "camera-unreachable");
		clock.advance(1000);
		await witness.until(({ pictures }) => pictures.length === 18);
		expect(camera.peers[2]?.clientPorts).toEqual([]);
	});
	it.each([461, 406])("a reply of %i to SETUP, in either direction", async (status) => {
		const refuses = (kind: RegExp): Script => ({
			answer: ({ method, headers }) =>
				method === "SETUP" && kind.test(headers.get("transport") ?? "") ? { status } : undefined,
			play: (peer) =>
				peer.clientPorts.length > 0 ? peer.datagrams(peer.media.gop(10)) : peer.frames(peer.media.gop(10)),
		});
		await shows(refuses(/client_port/), { transport: "udp" });
		await shows(refuses(/interleaved/), { transport: "auto" });
		const { witness } = await watch(refuses(/interleaved/), { transport: "tcp" });
		await witness.until(({ states }) => states.at(-1) === "stream-unsupported");
	});
	it("does not loop when no transport works", async () => {
		const { camera, witness } = await watch(
			{ answer: ({ method }) => (method === "SETUP" ? { status: 461 } : undefined) },
			{ transport: "auto" },
		);
		await witness.until(({ states }) => states.at(-1) === "stream-unsupported");
		expect(camera.peers).toHaveLength(2);
	});
});

describe("R05: the shape of replies", () => {
	it.each<[string, Script]>([
		["lines end with LF alone", { lineEnd: "\n" }],
		["byte by byte", { pieces: 1 }],
		[
			"LF, byte by byte, behind a sign-in",
			{ lineEnd: "\n", pieces: 1, auth: { user: "u", password: "p", challenges: ['Basic realm="/"', digest()] } },
		],
		["SDP with lone CRs", { sdp: SDP.replaceAll("\r\n", "\r") }],
	])("%s", async (_name, script) => void (await shows(script, { user: "u", password: "p" })));
});

describe("R06: the camera chooses the channels", () => {
	const chooses = (video: string, audio: string, channel: number): Script => ({
		sdp: SDP + AUDIO_SDP,
		answer: ({ method, url }) =>
			method === "SETUP"
				? {
						status: 200,
						headers: { Transport: `RTP/AVP/TCP;unicast${url.endsWith("1") ? video : audio}`, Session: "1" },
					}
				: undefined,
		play: (peer) => peer.frames(peer.media.gop(10), channel),
	});
	it.each([
		[";interleaved=0-1", ";interleaved=4-5", 0],
		[";interleaved=8-9", ";interleaved=2-3", 8],
		[";interleaved=2", ";interleaved=4", 2],
		["", "", 0],
		[";interleaved=0-1", ";interleaved=0-1", 0],
	])("video %s, audio %s", async (video, audio, channel) => void (await shows(chooses(video, audio, channel))));
});

describe("R07: junk between frames", () => {
	it("costs the pictures until the next key frame, not the session", async () => {
		const junk = Buffer.from(Array.from({ length: 300 }, (_, n) => (n % 17 === 3 ? 0x24 : (n * 89) & 0xff)));
		const { camera, witness } = await shows({
			play: (peer) => {
				peer.frames(peer.media.gop(5));
				peer.send(junk);
				peer.frames(peer.media.pictures(5));
				const cut = interleaved(0, peer.media.pictures(1)[0]!);
				peer.send(cut.subarray(0, 20));
				peer.frames(peer.media.gop(6));
			},
		});
		expect(camera.peers).toHaveLength(1);
		expect(witness.pictures.filter(({ key }) => key)).toHaveLength(2);
	});
});

describe("R08: the camera asks, too", () => {
	it("OPTIONS and GET_PARAMETER get 200 with its number, others 501, and the stream goes on; session 0 is a session", async () => {
		const { camera, witness, source } = await shows({
			answer: ({ method, headers }) =>
				method === "SETUP"
					? { status: 200, headers: { Transport: headers.get("transport") ?? "", Session: "0" } }
					: undefined,
			play: (peer) => {
				peer.frames(peer.media.gop(5));
				peer.send("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\nOPTIONS*RTSP/1.0\r\nCSeq: 2\r\n\r\n");
				peer.send("GET_PARAMETER rtsp://x/ RTSP/1.0\r\nCSeq: 3\r\nSession: 0\r\n\r\n");
				peer.send(
					"ANNOUNCE rtsp://x/ RTSP/1.0\r\nCSeq: 4\r\nContent-Length: 3\r\n\r\nv=0WHAT * RTSP/1.0\r\nCSeq: 5\r\n\r\n",
				);
				peer.frames(peer.media.gop(5));
			},
		});
		const peer = camera.peers[0]!;
		await peer.until(({ replies }) => replies.length === 5);
		expect(peer.replies.map((reply) => /RTSP\/1\.0 (\d+)[\s\S]*CSeq: (\d+)/.exec(reply)?.slice(1).join(" "))).toEqual([
			"200 1",
			"200 2",
			"200 3",
			"501 4",
			"501 5",
		]);
		await source.stop();
		expect(peer.requests.at(-1)?.headers.get("session")).toBe("0");
		expect(witness.states.at(-1)).toBe("live");
	});
	it("REDIRECT leads to a clean reconnect to the address the owner gave", async () => {
		const { camera, clock, witness } = await shows({});
		camera.peers[0]?.send("REDIRECT rtsp://192.0.2.9/ RTSP/1.0\r\nCSeq: 1\r\nLocation: rtsp://192.0.2.9/\r\n\r\n");
		await witness.until(({ states }) => states.at(-1) === "camera-unreachable");
		clock.advance(1000);
		await witness.until(({ pictures }) => pictures.length >= 18);
		expect(camera.peers).toHaveLength(2);
	});
	it("keepalive: half the camera's time-out, with the session's id, by OPTIONS where GET_PARAMETER is refused", async () => {
		const { camera, clock, witness } = await watch({
			answer: ({ method, headers }) => {
				if (method === "SETUP")
					return { status: 200, headers: { Transport: headers.get("transport") ?? "", Session: "7;timeout=6" } };
				return method === "GET_PARAMETER" ? { status: 501 } : undefined;
			},
		});
		await witness.until(({ pictures }) => pictures.length === 9);
		const peer = camera.peers[0]!;
		clock.advance(3000);
		await peer.until(({ methods }) => methods.at(-1) === "GET_PARAMETER");
		peer.frames(peer.media.gop(3));
		await witness.until(({ pictures }) => pictures.length >= 11);
		clock.advance(3000);
		await peer.until(({ methods }) => methods.at(-1) === "OPTIONS");
		expect(peer.requests.at(-1)?.headers.get("session")).toBe("7");
	});
});

describe("R09: SETUP goes to exactly the URL that the camera means", () => {
	it.each([
		[
			"Content-Base with a query",
			"/1",
			{ "Content-Base": "{}/1?mode=Live&seek=0/" },
			"track1",
			"{}/1?mode=Live&seek=0/track1",
		],
		["Content-Base without a slash", "/av0", { "Content-Base": "{}/av0" }, "trackID=0", "{}/av0/trackID=0"],
		["no base at all", "/live", {}, "track0", "{}/live/track0"],
		["absolute, the query elsewhere", "/m.amp?v=1", {}, "{}/m.amp/stream=1?v=1", "{}/m.amp/stream=1?v=1"],
		["a base with credentials", "/x", { "Content-Base": "rtsp://u:p@h:1/x/" }, "track1", "rtsp://h:1/x/track1"],
	])("%s", async (_name, path, base, control, wanted) => {
		let port = 0;
		const fill = (text: string) => text.replace("{}", `rtsp://127.0.0.1:${port}`);
		const { camera } = await shows(
			{
				connected: () => {},
				answer: ({ method, url }) => {
					port = camera_port(url) ?? port;
					if (method === "DESCRIBE") {
						const headers = Object.fromEntries(Object.entries(base).map(([name, value]) => [name, fill(value)]));
						return { status: 200, headers, body: `a=control:*\r\n${SDP.replace("track1", fill(control))}` };
					}
					return method === "SETUP" && url !== fill(wanted) ? { status: 404 } : undefined;
				},
			},
			{ path },
		);
		expect(camera.peers).toHaveLength(1);
	});
});
const camera_port = (url: string) => Number(/^rtsp:\/\/127\.0\.0\.1:(\d+)/.exec(url)?.[1]) || undefined;

describe("what the camera offers", () => {
	it("S02: sound that cannot be set up leaves the picture alone", async () => {
		const { witness } = await shows({
			sdp: `${SDP}m=audio 0 RTP/AVP 104\r\na=rtpmap:104 MPEG4-GENERIC/16000\r\na=fmtp:97 config=\r\na=control:track2\r\n`,
			answer: ({ method, url }) => (method === "SETUP" && url.endsWith("2") ? { status: 500 } : undefined),
		});
		expect(witness.tracks[0]?.audio).toBeUndefined();
	});
	it.each<[number, string, string]>([
		[404, "stream-unsupported", "no stream at this path"],
		[302, "stream-unsupported", "another address"],
		[403, "camera-refused", "this user"],
		[503, "camera-unreachable", "too many viewers"],
		[500, "camera-unreachable", "500"],
	])("DESCRIBE answered %i is %s, in words", async (status, code, words) => {
		const { witness } = await watch({ answer: ({ method }) => (method === "DESCRIBE" ? { status } : undefined) });
		await witness.until(({ states }) => states.at(-1) === code);
		expect(witness.details.at(-1)).toContain(words);
	});
});
