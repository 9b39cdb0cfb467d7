/** The field's one-liners about the dialogue (part C of its faults), each over real sockets and named for its report. */
import { afterEach, describe, expect, it } from "vitest";
import { type Answering, AUDIO_SDP, Media, type Request, type Script, ScriptedCamera, SDP, SSRC } from "./scripted.ts";
import { digest, fails, shows, watch } from "./watched.ts";

const account = { user: "viewer", password: "secret" };
const open: ScriptedCamera[] = [];
afterEach(async () => {
	for (const camera of open.splice(0)) await camera.close();
});
/** A second camera of the same host. */
const beside = async (script: Script) => {
	const camera = await ScriptedCamera.listen({ play: (peer) => peer.frames(peer.media.gop(10)), ...script });
	open.push(camera);
	return camera;
};
const redirects = (location: string | undefined, on = "DESCRIBE", status = 302): Answering => {
	const headers: Record<string, string> = location === undefined ? {} : { Location: location };
	return ({ method }) => (method === on ? { status, headers } : undefined);
};

describe("a redirect (go2rtc#1881, #1480; media3#2398)", () => {
	it.each([301, 302, 303, 307, 308])(
		"%i on DESCRIBE to another port of the host is followed, signed in anew",
		async (status) => {
			const target = await beside({ auth: { ...account, challenges: [digest()] } });
			const { camera } = await shows(
				{ answer: redirects(`rtsp://127.0.0.1:${target.port}/real`, "DESCRIBE", status) },
				account,
			);
			expect(target.peers[0]?.requests[1]?.url).toBe(`rtsp://127.0.0.1:${target.port}/real`);
			await camera.peers[0]?.closed;
		},
	);
	it.each([
		["OPTIONS", ["OPTIONS"]],
		["SETUP", ["OPTIONS", "DESCRIBE", "SETUP"]],
		["PLAY", ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]],
	])("on %s, too, and what was begun is ended", async (method, methods) => {
		const target = await beside({});
		const { camera } = await shows({ answer: redirects(`rtsp://127.0.0.1:${target.port}/`, method) });
		await camera.peers[0]?.closed;
		expect(camera.peers[0]?.methods).toEqual(methods);
	});
	it("a path alone is one of the same place", async () => {
		const { camera } = await shows({
			answer: ({ method, url }) =>
				method === "DESCRIBE" && !url.endsWith("/real") ? { status: 301, headers: { Location: "/real" } } : undefined,
		});
		expect(camera.peers).toHaveLength(2);
	});
	it("a user and password inside Location are ignored, and that is said", async () => {
		const target = await beside({ auth: { ...account, challenges: [digest()] } });
		const { witness } = await shows({ answer: redirects(`rtsp://admin:12345@127.0.0.1:${target.port}/`) }, account);
		expect(target.peers[0]?.requests.map(({ url }) => url).join()).not.toContain("admin");
		expect(witness.steps.map(({ note = "" }) => note).join()).toContain(
			"user and password inside that address are ignored",
		);
		expect(witness.everything).not.toMatch(/12345|admin/);
	});
	it.each([
		["another address", "rtsp://192.0.2.9/live"],
		["a name", "rtsp://localhost/live"],
		["another loopback address", "rtsp://127.0.0.2/live"],
		["a host behind credentials that read like ours", "rtsp://127.0.0.1:1@192.0.2.9/live"],
	])("%s is never followed, with nothing sent there, and the words say what to do", async (_name, location) => {
		const { camera, state, words } = await fails({ answer: redirects(location) }, account);
		expect(state).toBe("stream-unsupported");
		expect(words).toContain("enter its address instead");
		expect(words).not.toContain("192.0.2.9");
		expect(camera.peers).toHaveLength(1);
	});
	it.each([undefined, "", "http://127.0.0.1/", "rtsp://", "//192.0.2.9/x", "rtsp://127.0.0.1:99999/"])(
		"without a readable target (%s) it ends in words",
		async (location) => {
			const { state, words } = await fails({ answer: redirects(location) });
			expect([state, words]).toEqual(["stream-unsupported", expect.stringContaining("not to which")]);
		},
	);
	it("in a circle it ends after three", async () => {
		const { camera, state, words } = await fails({
			answer: ({ method, url }) =>
				method === "DESCRIBE" ? { status: 302, headers: { Location: `${url}x` } } : undefined,
		});
		expect([state, words]).toEqual(["stream-unsupported", expect.stringContaining("without end")]);
		expect(camera.peers).toHaveLength(4);
	});
});

describe("packets of a dead session (old live555, retina#17)", () => {
	const dead = new Media(0xdead);
	const deadPackets = [...dead.gop(60)];
	const showsOnlyOurs = async (script: Script) => {
		const { witness, camera } = await watch({ sdp: SDP, ...script });
		await witness.until(({ pictures }) => pictures.length >= 9);
		return { witness, camera };
	};
	it("on channels that become ours, from the first moment on, among our own: none of them is shown", async () => {
		const { witness } = await showsOnlyOurs({
			connected: (peer) => peer.frames(deadPackets.slice(0, 3)),
			play: (peer) => {
				const ours = peer.media.gop(10);
				for (const [index, packet] of ours.entries()) peer.frames([deadPackets[3 + index]!, packet]);
			},
		});
		expect(witness.pictures).toHaveLength(9);
	});
	it("where the camera names its sender in the reply to SETUP, no other is shown once that one was heard", async () => {
		const { witness } = await showsOnlyOurs({
			answer: ({ method, headers }) =>
				method === "SETUP"
					? {
							status: 200,
							headers: {
								Transport: `${headers.get("transport")};ssrc=${SSRC.toString(16).padStart(8, "0")}`,
								Session: "1",
							},
						}
					: undefined,
			play: (peer) => {
				const [first, ...rest] = peer.media.gop(10);
				peer.frames([first!]);
				for (const packet of deadPackets.slice(0, 20)) peer.frames([packet]);
				peer.frames(rest);
			},
		});
		expect(witness.pictures).toHaveLength(9);
		expect(witness.tracks).toHaveLength(1);
	});
	it("a camera that names a sender it never uses is shown all the same", async () => {
		await shows({
			answer: ({ method, headers }) =>
				method === "SETUP"
					? { status: 200, headers: { Transport: `${headers.get("transport")};ssrc=0BADF00D`, Session: "1" } }
					: undefined,
		});
	});
	it("a camera that sends before it is asked, and one whose sessions all have one sender, is shown from its next key frame on", async () => {
		const { witness } = await watch({
			connected: (peer) => peer.frames(peer.media.gop(5)),
			play: (peer) => {
				for (let n = 0; n < 5; n++) peer.frames(peer.media.gop(10));
			},
		});
		await witness.until(({ pictures }) => pictures.length >= 9);
	});
});

describe("two session ids (retina PR#85)", () => {
	const asks =
		(id: (request: Request) => string): Answering =>
		(request) =>
			request.method === "SETUP"
				? { status: 200, headers: { Transport: request.headers.get("transport") ?? "", Session: id(request) } }
				: undefined;
	it("the first one counts when the second SETUP gives another", async () => {
		const { camera, source } = await shows({
			sdp: SDP + AUDIO_SDP,
			answer: asks(({ url }) => (url.endsWith("1") ? "AAAA;timeout=30" : "BBBB")),
		});
		await source.stop();
		const sessions = camera.peers[0]?.requests.map(({ headers }) => headers.get("session"));
		expect(sessions).toEqual([undefined, undefined, undefined, "AAAA", "AAAA", "AAAA"]);
	});
	it("a camera that sends nothing until its sound is set up, too, though nobody can play it", async () => {
		const odd = `${SDP}m=audio 0 RTP/AVP 97\r\na=rtpmap:97 X-ODD/8000\r\na=control:track2\r\n`;
		const { camera, clock, witness } = await watch({
			sdp: odd,
			play: (peer) => {
				if (peer.methods.filter((method) => method === "SETUP").length === 2) peer.frames(peer.media.gop(10));
			},
		});
		await witness.until(({ logged }) => logged.length === 1);
		clock.advance(4000);
		await witness.until(({ pictures }) => pictures.length === 9);
		expect(camera.peers).toHaveLength(2);
		camera.peers[1]?.cut();
		await witness.until(({ states }) => states.at(-1) === "camera-unreachable");
		clock.advance(1000);
		await witness.until(({ pictures }) => pictures.length === 18);
		expect(camera.peers).toHaveLength(3);
	});
});

describe("RTP-Info (retina#64, #10)", () => {
	it.each([
		["none", undefined],
		["rtptime=0", "url=rtsp://x/track1;seq=1;rtptime=0"],
		["a sequence number that does not come", "url=rtsp://x/track1;seq=40000;rtptime=999"],
		["numbers beyond 32 bits", "url=;seq=99999999;rtptime=99999999999999"],
		["no numbers", ";;=,url;seq=x;rtptime=-"],
	])("%s does not matter", async (_name, info) => {
		await shows({
			answer: ({ method }, peer) => {
				if (method !== "PLAY") return undefined;
				setImmediate(() => peer.frames(peer.media.gop(10)));
				return { status: 200, headers: { Session: "12345678", ...(info === undefined ? {} : { "RTP-Info": info }) } };
			},
		});
	});
});

describe("TEARDOWN is said whenever the camera gave a session", () => {
	const failing = (method: string, answer: ReturnType<Answering>): Script => ({
		sdp: SDP + AUDIO_SDP,
		answer: (request) => (request.method === method ? answer : undefined),
	});
	it.each<[string, Script]>([
		["PLAY is refused", failing("PLAY", { status: 500 })],
		[
			"PLAY is answered by a redirect to elsewhere",
			failing("PLAY", { status: 302, headers: { Location: "rtsp://192.0.2.1/" } }),
		],
		[
			"SETUP gives impossible channels",
			failing("SETUP", { status: 200, headers: { Session: "9", Transport: "RTP/AVP/TCP;interleaved=900-901" } }),
		],
		[
			"SETUP gives datagrams",
			failing("SETUP", { status: 200, headers: { Session: "9", Transport: "RTP/AVP/UDP;client_port=1-2" } }),
		],
	])("%s", async (_name, script) => {
		const { camera } = await fails(script);
		await camera.peers[0]?.closed;
		expect(camera.peers[0]?.methods.at(-1)).toBe("TEARDOWN");
	});
	it("the owner stops it in mid-dialogue", async () => {
		const { camera, source } = await watch(failing("PLAY", null));
		const peer = await camera.peer(0);
		await peer.until(({ methods }) => methods.includes("PLAY"));
		await source.stop();
		await peer.closed;
		expect(peer.methods.at(-1)).toBe("TEARDOWN");
	});
	it("PLAY is never answered", async () => {
		const { camera, clock } = await watch(failing("PLAY", null));
		const peer = await camera.peer(0);
		await peer.until(({ methods }) => methods.includes("PLAY"));
		clock.advance(8000);
		await peer.until(({ methods }) => methods.at(-1) === "TEARDOWN");
	});
});
