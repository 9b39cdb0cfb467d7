import { setTimeout as pause } from "node:timers/promises";
import type { OutgoingSubscription } from "@mivisus/transport/moq/incoming";
import type { IncomingSubscription } from "@mivisus/transport/moq/outgoing";
import { MoqPeer } from "@mivisus/transport/moq/peer";
import { SUBPROTOCOLS } from "@mivisus/transport/tcp/protocol";
import { QmuxSession } from "@mivisus/transport/tcp/session";
import { type WebSocketLike, webSocketRecords } from "@mivisus/transport/tcp/web-socket";
import { newId } from "@mivisus/wire/ids";
import { encodeGroupHeader } from "@mivisus/wire/moq/group";
import { afterEach, expect, it } from "vitest";
import { WebSocket } from "ws";
import { TestPeers } from "../../relay/testing/peers.ts";
import { RelayProcess } from "../fault/relay-process.ts";
import { scaled } from "../scale.ts";

/** Viewers who want in, under a ceiling of so many MiB. */
const VIEWERS = scaled(450, 1000);
const CEILING_MIB = scaled(512, 1024);
/** So many are inside at the same time when it begins. */
const SESSIONS = scaled(200, 1000);
const PRESSURE_S = scaled(10, 60);
const CAMERAS = 24;
/** In many accounts, because one may fill a quarter of the caches only. */
const VIEWERS_OF_ACCOUNT = 60;
/** 8 MiB in four seconds: what a camera must not send, and more in all than may be cached. */
const FRAME = new Uint8Array(100_000).fill(7);
const FRAMES_OF_GROUP = 80;
const FRAME_MS = 50;
/** How often a slow viewer takes a little from its socket: it falls behind for ever and is never cut for reading nothing. */
const SIP_MS = 2000;
/** A group that never ends in a frame that never ends, on each track that somebody asks for. */
const UNFINISHED_TRACKS = 20;

let relay: RelayProcess;
afterEach(() => relay?.end());

/** Sends groups to whoever subscribes, until the session is over. */
async function send(subscription: IncomingSubscription, frame: Uint8Array, frames: number): Promise<void> {
	try {
		for (let sequence = 0; ; sequence++) {
			const group = await subscription.openGroup(sequence);
			for (let n = 0; n < frames; n++) {
				await group.write(frame);
				await pause(FRAME_MS);
			}
			await group.finish();
		}
	} catch {
		// The last subscriber left, or the test is over.
	}
}

/** Reads groups as they come. */
async function read(subscription: OutgoingSubscription, onGroup: (sequence: number) => void): Promise<void> {
	for await (const group of subscription.groups) {
		try {
			for (let frame = await group.next(); frame; frame = await group.next());
			onGroup(group.sequence);
		} catch {
			// The relay gave this group up.
		}
	}
}

/** A viewer that subscribes and then takes next to nothing from its socket. */
async function slow(root: string, camera: string): Promise<{ socket: WebSocket } | { refused: string }> {
	const token = await relay.worker.token({ root, get: [camera] });
	const socket = new WebSocket(`ws://127.0.0.1:${relay.tcpPort}/${root}?jwt=${token}`, [...SUBPROTOCOLS]);
	const opened = new Promise<QmuxSession>((resolve, reject) => {
		socket.onopen = () => {
			const facts = { server: false, path: `/${root}`, query: new URLSearchParams(), remoteAddress: undefined };
			resolve(new QmuxSession(webSocketRecords(socket as unknown as WebSocketLike), facts));
		};
		socket.onerror = ({ message }) => reject(new Error(message));
	});
	try {
		const peer = await MoqPeer.client(await opened);
		void read(await peer.subscribe(camera, "video/main", 60), () => {});
		socket.pause();
		const sips = setInterval(() => {
			socket.once("message", () => socket.pause());
			socket.resume();
		}, SIP_MS);
		socket.once("close", () => clearInterval(sips));
		return { socket };
	} catch (error) {
		return { refused: (error as Error).message };
	}
}

it("R4: resident memory stays below the ceiling with a thousand sessions, and honest ones go on", async () => {
	relay = await RelayProcess.start({ env: { MIVISUS_RELAY_MEMORY_MIB: String(CEILING_MIB) }, tls: false });
	const peers = new TestPeers(relay, relay.worker);
	const accounts = Array.from({ length: Math.ceil(VIEWERS / VIEWERS_OF_ACCOUNT) }, () => newId());
	const cameras: { root: string; name: string }[] = [];
	let film = () => {};
	const filming = new Promise<void>((resolve) => {
		film = resolve;
	});
	for (let n = 0; n < CAMERAS; n++) {
		const [root, name] = [accounts[n % accounts.length]!, newId()];
		cameras.push({ root, name });
		await peers.camera("tcp", root, name, async (subscription) => {
			await filming;
			await send(subscription, FRAME, FRAMES_OF_GROUP);
		});
	}
	// Honest ones, in an account of their own: small pictures, all read.
	const home = { root: newId(), name: newId() };
	await peers.camera("tcp", home.root, home.name, (subscription) => send(subscription, new Uint8Array(20_000), 10));
	const honest = await Promise.all([1, 2, 3].map(() => peers.watch("tcp", home.root, home.name)));
	const newest = honest.map(() => -1);
	for (const [at, { subscription }] of honest.entries()) {
		void read(subscription, (sequence) => {
			newest[at] = sequence;
		});
	}
	// Publishers of frames that never end, to a viewer of theirs.
	const odd = { root: newId(), name: newId() };
	const attacker = await peers.camera("tcp", odd.root, odd.name, async () => {
		const id = unfinished++;
		for (let sequence = 0; sequence < 4; sequence++) {
			const stream = await attacker.session.openUni();
			await stream.write(encodeGroupHeader({ subscribeId: id, sequence }));
			// 4 MiB are said to come, all but one byte comes.
			const begun = new Uint8Array(4 * 1024 * 1024 - 1);
			begun.set([0x80, 0x40, 0, 0]);
			void stream.write(begun).catch(() => {});
		}
	});
	let unfinished = 0;
	const accomplice = await peers.watch("tcp", odd.root, odd.name);
	for (let n = 1; n < UNFINISHED_TRACKS; n++) {
		void accomplice.peer.subscribe(odd.name, `track/${n}`, 1).catch(() => {});
	}

	let [inside, refused] = [0, 0];
	const sockets = new Set<WebSocket>();
	const join = async (n: number) => {
		const { root, name } = cameras[n % CAMERAS]!;
		const viewer = await slow(root, name);
		if ("socket" in viewer) {
			inside += 1;
			sockets.add(viewer.socket);
		} else {
			expect(viewer.refused).toContain("503");
			refused += 1;
		}
	};
	for (let n = 0; n < VIEWERS; n += 10) await Promise.all(Array.from({ length: 10 }, (_, i) => join(n + i)));
	const sessions = await relay.metric(`sessions{transport="tcp"}`);
	const begun = performance.now();
	film();
	// Whoever is cut comes again, until the time is over.
	for (let n = 0; performance.now() - begun < PRESSURE_S * 1000; n++) {
		await pause(500);
		await join(n);
	}

	const [dropped, cached] = [
		await relay.metric(`groups_dropped_total{reason="memory"}`),
		await relay.metric("cached_bytes"),
	];
	const peak = relay.peakMiB();
	process.stdout.write(
		`${sessions} sessions, ${inside} let in, ${refused} refused, ${dropped} groups dropped, ` +
			`${(cached / 2 ** 20).toFixed(0)} MiB cached, peak ${peak.toFixed(0)} of ${CEILING_MIB} MiB\n`,
	);
	expect(peak).toBeLessThanOrEqual(CEILING_MIB);
	expect(sessions).toBeGreaterThanOrEqual(SESSIONS);
	expect(dropped).toBeGreaterThan(0);
	expect(relay.running).toBe(true);
	// Each honest viewer still gets what comes now.
	const seen = [...newest];
	while (!newest.every((sequence, at) => sequence > seen[at]! + 1)) await pause(50);
	for (const socket of sockets) socket.terminate();
}, 300_000);
