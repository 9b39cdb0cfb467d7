/** R3: who begins and does not go on is sent away in time, and those who come meanwhile get in. */
import { fork } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { MoqPeer } from "@mivisus/transport/moq/peer";
import { newId } from "@mivisus/wire/ids";
import { afterEach, expect, it, vi } from "vitest";
import { type Door, HonestPair } from "../../relay/testing/honest.ts";
import { scaled } from "../scale.ts";
import { RelayProcess } from "./relay-process.ts";
import { KINDS, type Orders, type Outcome, wayOf } from "./slow-kinds.ts";

/** A multiple of the number of kinds. */
const SLOW_PEERS = scaled(240, 2004);
/** Over how long they come. */
const COMING_MS = scaled(2000, 8000);
/** Deadlines of ten seconds, looked at each half second; whole seconds. */
const RECLAIMED_S = 11;
/** An honest join, whatever this machine does beside. */
const JOIN_S = 5;
const JOIN_PAUSE_MS = 100;
/** Connections that nobody holds any more end a second after their session. */
const GONE_MS = 5000;

const endings: (() => unknown)[] = [];
afterEach(async () => {
	for (const end of endings.splice(0).reverse()) await end();
});

/** Comes, looks at the camera and goes; resolves with how long it took until the first picture's data, ms. */
async function join(door: Door, root: string): Promise<number> {
	const begun = performance.now();
	const viewer = await MoqPeer.client(await door({ root, get: ["cam"] }));
	const { groups } = await viewer.subscribe("cam", "video", 60);
	const group = (await groups.next()).value!;
	await group.next();
	const took = performance.now() - begun;
	viewer.close();
	return took;
}

it(`R3: ${SLOW_PEERS} slow or half-open peers are reclaimed, and honest ones join meanwhile`, async () => {
	const relay = await RelayProcess.start();
	endings.push(() => relay.end());
	const hole = createSocket("udp4").bind(0, "127.0.0.1");
	await once(hole, "listening");
	endings.push(() => hole.close());
	const root = newId();
	const pair = await HonestPair.begin(root, relay.http3(), relay.tcp());
	endings.push(() => pair.close());
	await pair.beat();
	const [sessions, descriptors] = [await relay.sessions(), relay.descriptors()];

	const slow = fork(fileURLToPath(new URL("slow-peers.ts", import.meta.url)), { execArgv: ["--import", "tsx"] });
	endings.push(() => slow.kill("SIGKILL"));
	const outcome = once(slow, "message").then(([message]) => message as Outcome);
	const peers = [];
	for (let n = 0; n < SLOW_PEERS; n++) {
		const kind = KINDS[n % KINDS.length]!;
		// Those that look at the camera are of its account; it has room for them.
		const own = kind === "no credit for pictures over TCP" ? root : newId();
		// Signed now, for a peer that comes later.
		const url = await relay.url(wayOf(kind), { root: own, get: ["cam"] });
		peers.push({ kind, url: url.href });
	}
	const orders: Orders = {
		peers,
		ca: relay.certificate.certPem,
		certificateHash: Buffer.from(relay.certificate.sha256).toString("base64"),
		blackHole: hole.address().port,
		paceMs: COMING_MS / SLOW_PEERS,
	};
	slow.send(orders);
	const joins: number[] = [];
	let over = false;
	void outcome.then(() => {
		over = true;
	});
	let most = 0;
	for (let n = 0; !over; n++) {
		joins.push(await join(n % 2 === 0 ? relay.http3() : relay.tcp(), root));
		await pair.beat();
		most = Math.max(most, await relay.sessions());
		await new Promise((resolve) => setTimeout(resolve, JOIN_PAUSE_MS));
	}
	const ended = await outcome;
	expect(ended.filter(({ error }) => error !== undefined)).toEqual([]);
	const late = ended.filter(({ ms }) => Math.floor(ms / 1000) > RECLAIMED_S);
	expect(late).toEqual([]);
	// They were there, all at the same time, and none of them is any more.
	expect(most).toBeGreaterThan(SLOW_PEERS / 3);
	await vi.waitUntil(async () => (await relay.sessions()) === sessions, { timeout: GONE_MS });
	await vi.waitUntil(() => relay.descriptors() <= descriptors + 2, { timeout: GONE_MS });
	await pair.beat();
	joins.sort((a, b) => a - b);
	const at = (part: number) => Math.round(joins[Math.floor((joins.length - 1) * part)]!);
	const slowest = KINDS.map((kind) => {
		const times = ended.filter((one) => one.kind === kind).map(({ ms }) => ms);
		return `  ${kind}: ${(Math.max(...times) / 1000).toFixed(1)} s`;
	});
	process.stdout.write(
		`R3: ${joins.length} joins, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${at(1)} ms; at most ${most} sessions; reclaimed at the latest after\n${slowest.join("\n")}\n`,
	);
	expect(at(1)).toBeLessThan(JOIN_S * 1000);
}, 120_000);
