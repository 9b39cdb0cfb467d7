/** What keeps a session alive, and what a 401 means, over real sockets; each named for its report in the field. */
import { describe, expect, it } from "vitest";
import { type Answering, type Peer, SSRC } from "./scripted.ts";
import { digest, fails, shows, type watch } from "./watched.ts";

const account = { user: "viewer", password: "secret" };

describe("keepalive (html5_rtsp_player#73, SharpRTSP#63, ZLMediaKit#642)", () => {
	const TIMEOUT_MS = 10_000;
	const answers =
		(listed: string, answer: (method: string) => number | null): Answering =>
		({ method, headers }) => {
			if (method === "SETUP")
				return { status: 200, headers: { Transport: headers.get("transport") ?? "", Session: "1;timeout=10" } };
			if (method === "OPTIONS" && !headers.has("session")) return { status: 200, headers: { Public: listed } };
			if (method !== "OPTIONS" && method !== "GET_PARAMETER") return undefined;
			const status = answer(method);
			return status === null ? null : { status };
		};
	const kept = (peer: Peer) =>
		peer.requests.filter(({ headers }) => headers.has("session")).map(({ method }) => method);
	/** Keeps pictures coming while time passes. */
	const pass = async ({ camera, clock, witness }: Awaited<ReturnType<typeof watch>>, ms: number) => {
		const peer = camera.peers.at(-1)!;
		for (let at = 0; at < ms; at += 2500) {
			const before = witness.pictures.length;
			peer.frames(peer.media.pictures(2));
			await witness.until(({ pictures }) => pictures.length >= before + 1);
			clock.advance(2500);
		}
		return peer;
	};
	it.each([
		[
			"OPTIONS is answered and does not count; GET_PARAMETER does, though it is not listed",
			"OPTIONS, PLAY",
			"OPTIONS",
			"GET_PARAMETER",
		],
		[
			"GET_PARAMETER is answered and does not count; OPTIONS does",
			"OPTIONS, GET_PARAMETER",
			"GET_PARAMETER",
			"OPTIONS",
		],
	])("%s: the next session knows", async (_name, listed, useless, useful) => {
		const watched = await shows({ answer: answers(listed, () => 200) });
		const { camera, clock, witness } = watched;
		const peer = await pass(watched, TIMEOUT_MS);
		await peer.until(() => kept(peer).includes(useless));
		peer.cut();
		await witness.until(({ states }) => states.at(-1) === "camera-unreachable");
		clock.advance(1000);
		await witness.until(
			({ pictures, states }) => states.at(-1) === "live" && pictures.length > 0 && camera.peers.length === 2,
		);
		const second = await pass(watched, TIMEOUT_MS);
		await second.until(() => kept(second).includes(useful));
		expect(kept(second)).not.toContain(useless);
		await pass(watched, TIMEOUT_MS * 5);
		second.cut();
		await witness.until(({ states }) => states.at(-1) === "camera-unreachable");
		clock.advance(1000);
		await witness.until(({ states }) => states.at(-1) === "live" && camera.peers.length === 3);
		const third = await pass(watched, TIMEOUT_MS);
		await third.until(() => kept(third).includes(useful));
		expect(kept(third), "a session that was kept alive teaches nothing new").not.toContain(useless);
	});
	it("a refused one is followed by the other at once, and both refused are no fault", async () => {
		const watched = await shows({ answer: answers("GET_PARAMETER", () => 501) });
		const peer = await pass(watched, TIMEOUT_MS / 2);
		await peer.until(() => kept(peer).length >= 3);
		expect(kept(peer)).toEqual(["PLAY", "GET_PARAMETER", "OPTIONS"]);
		await pass(watched, TIMEOUT_MS * 3);
		expect(watched.witness.states).toEqual(["waiting", "live"]);
	});
	it("one that is never answered is followed by the other, and the session stays", async () => {
		const watched = await shows({ answer: answers("GET_PARAMETER", (method) => (method === "OPTIONS" ? 200 : null)) });
		const peer = await pass(watched, TIMEOUT_MS + 5000);
		await peer.until(() => kept(peer).includes("OPTIONS"));
		await pass(watched, TIMEOUT_MS * 2);
		expect(kept(peer).filter((method) => method === "OPTIONS").length).toBeGreaterThan(1);
		expect(watched.witness.states).toEqual(["waiting", "live"]);
	});
	it("receiver reports go out inside the connection, too, on the track's own channel, beside the requests", async () => {
		const watched = await shows({ answer: answers("GET_PARAMETER", () => 200) });
		const peer = await pass(watched, TIMEOUT_MS);
		await peer.until(({ reports }) => reports.length >= 2);
		for (const { channel, data } of peer.reports) {
			expect(channel).toBe(1);
			expect([data[0], data[1], data.readUInt32BE(8)]).toEqual([0x81, 201, SSRC]);
		}
	});
});

describe("401 (dahua#729, #603; evercam-server#91; openhab-addons#15413)", () => {
	const refuses =
		(challenges: string[]): Answering =>
		() => ({ status: 401, headers: { "WWW-Authenticate": challenges } });
	it.each([
		["with a challenge", [digest()]],
		["without any", []],
	])(
		"%s: the words name the password and the limit of sessions, and the wait is long and grows",
		async (_name, challenges) => {
			const { camera, clock, witness, state, words } = await fails({ answer: refuses(challenges) }, account);
			expect(state).toBe("camera-refused");
			expect(words).toBe("The camera answered 401: wrong user or password, or its limit of sessions is reached.");
			for (const waitMs of [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]) {
				await witness.until(({ logged }) => logged.length === camera.peers.length);
				expect(clock.longestWaitMs).toBe(waitMs);
				const before = camera.peers.length;
				clock.advance(waitMs);
				await camera.peer(before);
				await witness.until(({ logged }) => logged.length === before + 1);
			}
			const tries = camera.peers
				.flatMap(({ requests }) => requests)
				.filter(({ headers }) => headers.has("authorization"));
			expect(tries.length).toBeLessThanOrEqual(camera.peers.length);
		},
	);
	it("after the password was accepted it means the limit of sessions, and is tried again soon", async () => {
		const { state, words } = await fails(
			{
				auth: { ...account, challenges: [digest()] },
				answer: ({ method }) =>
					method === "SETUP" ? { status: 401, headers: { "WWW-Authenticate": digest() } } : undefined,
			},
			account,
		);
		expect([state, words]).toEqual(["camera-unreachable", expect.stringContaining("limit of sessions")]);
	});
});
