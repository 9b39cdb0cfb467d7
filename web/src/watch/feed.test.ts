import { fakePair } from "@mivisus/transport/fake";
import type { AnnounceWriter, IncomingSubscription } from "@mivisus/transport/moq/outgoing";
import { MoqPeer } from "@mivisus/transport/moq/peer";
import { type Catalog, encodeCatalog } from "@mivisus/wire/catalog";
import { encodeLegacy } from "@mivisus/wire/container";
import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { newId, toBase64Url } from "@mivisus/wire/ids";
import { decodeJson, encodeJson, ReportFrame } from "@mivisus/wire/relay-tracks";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Feed } from "./feed.ts";
import { RelaySession } from "./relay-session.ts";

const CAMERA = newId();
const OWN = `.peer/${newId()}`;
const TOKEN = `e30.${toBase64Url(encodeJson({ put: [OWN] }))}.sig`;
const container = { kind: "legacy" };
const CATALOG: Catalog = {
	video: { renditions: { "video/main": { codec: "avc1.64001f", container } } },
	audio: { renditions: { "audio/main": { codec: "alaw", container, sampleRate: 8000, numberOfChannels: 1 } } },
};

/** A relay as the viewer sees it: the other end of a fake session. */
let relay: MoqPeer;
let session: RelaySession;
let announcer: AnnounceWriter | undefined;
let asked: IncomingSubscription[];
let seen: string[];
const until = async (holds: () => unknown) => {
	for (let n = 0; n < 200 && !holds(); n += 1) await new Promise((resolve) => setTimeout(resolve, 5));
	expect(holds()).toBeTruthy();
};
const subscription = (track: string) => asked.findLast((it) => it.track === track);

beforeEach(async () => {
	[asked, seen, announcer] = [[], [], undefined];
	const pair = fakePair(new URL("https://relay.test/account"));
	const server = MoqPeer.server(pair.server, {
		onAnnounceRequest: (stream) => {
			announcer = stream;
			stream.init([]);
		},
		onSubscribe: (it) => {
			asked.push(it);
			if (it.track !== "gone") void it.accept();
		},
	});
	session = await RelaySession.open(pair.client, TOKEN, Date.now() + 60_000, () => ({
		[`${CAMERA}/video/main`]: { latenessMs: 12, dropped: 3 },
	}));
	relay = await server;
	await until(() => announcer);
});
afterEach(() => session.close());

function feed(): Feed {
	return new Feed(
		session,
		{ camera: CAMERA, small: false },
		{
			announced: (active) => void seen.push(active ? "there" : "gone"),
			catalog: (_, video, audio) => void seen.push(`catalog ${video?.track} ${audio?.track}`),
			catalogFault: () => void seen.push("fault"),
			video: (payload, key) => void seen.push(`video ${payload.at(-1)}${key ? "k" : ""}`),
			audio: (payload) => void seen.push(`audio ${payload.at(-1)}`),
			behindMs: () => 0,
		},
	);
}
async function group(track: string, sequence: number, ...frames: Uint8Array[]): Promise<void> {
	const writer = await subscription(track)!.openGroup(sequence);
	for (const frame of frames) await writer.write(frame);
	await writer.finish();
}
const unit = (n: number) => encodeLegacy(n, Uint8Array.of(n));

describe("a feed", () => {
	it("fetches nothing before the camera is announced, then the catalog, then what it names", async () => {
		const it = feed();
		expect(asked.filter(({ broadcast }) => broadcast === CAMERA)).toEqual([]);
		announcer?.announce(true, CAMERA);
		await until(() => subscription("catalog.json"));
		expect(subscription("video/main")).toBeUndefined();
		await group("catalog.json", 1, encodeCatalog(CATALOG));
		await until(() => subscription("video/main"));
		await group("video/main", 7, unit(1), unit(2));
		await until(() => seen.includes("video 2"));
		expect(seen).toEqual(["there", "catalog video/main audio/main", "video 1k", "video 2"]);
		expect(subscription("audio/main")).toBeUndefined();
		it.close();
	});
	it("fetches sound only while somebody listens", async () => {
		const it = feed();
		announcer?.announce(true, CAMERA);
		await until(() => subscription("catalog.json"));
		await group("catalog.json", 1, encodeCatalog(CATALOG));
		await until(() => subscription("video/main"));
		it.listen(true);
		await until(() => subscription("audio/main"));
		await group("audio/main", 1, unit(9));
		await until(() => seen.includes("audio 9"));
		let ended = false;
		void subscription("audio/main")!.closed.then(() => {
			ended = true;
		});
		it.listen(false);
		await until(() => ended);
		it.close();
	});
	it("lets go when the camera goes, and begins anew with whatever numbers when it is back", async () => {
		const it = feed();
		announcer?.announce(true, CAMERA);
		await until(() => subscription("catalog.json"));
		await group("catalog.json", 50, encodeCatalog(CATALOG));
		await until(() => subscription("video/main"));
		await group("video/main", 50, unit(1));
		await until(() => seen.includes("video 1k"));
		const before = asked.length;
		announcer?.announce(false, CAMERA);
		await until(() => seen.includes("gone"));
		announcer?.announce(true, CAMERA);
		await until(() => asked.length > before);
		await group("catalog.json", 0, encodeCatalog(CATALOG));
		await until(() => asked.length > before + 1);
		await group("video/main", 0, unit(2));
		await until(() => seen.includes("video 2k"));
		it.close();
	});
	it("stops fetching a codec that this browser cannot play, until the catalog names another", async () => {
		const it = feed();
		announcer?.announce(true, CAMERA);
		await until(() => subscription("catalog.json"));
		await group("catalog.json", 1, encodeCatalog(CATALOG));
		await until(() => subscription("video/main"));
		let ended = false;
		void subscription("video/main")!.closed.then(() => {
			ended = true;
		});
		it.refuseCodec("avc1.64001f");
		await until(() => ended);
		const before = asked.length;
		await group("catalog.json", 2, encodeCatalog(CATALOG));
		await until(() => seen.filter((line) => line.startsWith("catalog")).length === 2);
		expect(asked.length).toBe(before);
		await group(
			"catalog.json",
			3,
			encodeCatalog({ video: { renditions: { "video/main": { codec: "avc1.42c01e" } } } }),
		);
		await until(() => asked.length > before);
		it.close();
	});
	it("says what is wrong with a catalog that cannot be read, and takes the next one", async () => {
		const it = feed();
		announcer?.announce(true, CAMERA);
		await until(() => subscription("catalog.json"));
		await group("catalog.json", 1, Uint8Array.of(1, 2));
		await group("catalog.json", 2, new Uint8Array(0));
		await group("catalog.json", 3, encodeCatalog(CATALOG));
		await until(() => seen.includes("catalog video/main audio/main"));
		expect(seen).toEqual(["there", "fault", "catalog video/main audio/main"]);
		it.close();
	});
	it("says nothing more after close", async () => {
		const it = feed();
		it.close();
		announcer?.announce(true, CAMERA);
		await new Promise((resolve) => setTimeout(resolve, 50));
		expect([seen, asked.filter(({ broadcast }) => broadcast === CAMERA)]).toEqual([[], []]);
	});
	it("knows after a while that a camera which was never announced is not there", async () => {
		const it = feed();
		await until(() => session.ended || seen.includes("gone")).catch(() => {});
		await new Promise((resolve) => setTimeout(resolve, 200));
		expect(seen).toEqual(["gone"]);
		it.close();
	});
});

describe("a relay session of the viewer", () => {
	it("answers each clock frame with a report, and learns how its clock differs from the relay's", async () => {
		await until(() => subscription("clock"));
		const reports = await relay.subscribe(OWN, "report", 255);
		const skewMs = 5000;
		const clock = await subscription("clock")!.openGroup(0);
		await clock.write(encodeJson({ v: 1, seq: 0, wallMs: Date.now() - skewMs }));
		const group = (await reports.groups.next()).value!;
		const first = decodeJson(ReportFrame, (await group.next())!)!;
		expect(first).toMatchObject({ clockSeq: 0, tracks: { [`${CAMERA}/video/main`]: { latenessMs: 12, dropped: 3 } } });
		expect(session.offsetMs).toBeUndefined();
		const echo = { sentMs: first.sentMs, receivedMs: Date.now() - skewMs };
		await clock.write(encodeJson({ v: 1, seq: 1, wallMs: Date.now() - skewMs, echo }));
		expect(decodeJson(ReportFrame, (await group.next())!)?.clockSeq).toBe(1);
		expect(Math.abs(session.offsetMs! - skewMs)).toBeLessThan(200);
		expect(session.silent()).toBe(false);
	});
	it("offers its report and nothing else, to the relay alone", async () => {
		const announced = await relay.announced("");
		expect((await announced.next()).value).toEqual({ active: true, suffix: OWN });
		await expect(relay.subscribe(OWN, "other", 1)).rejects.toThrow(String(WIRE_ERROR_CODES["not-found"]));
		await expect(relay.subscribe(CAMERA, "video/main", 1)).rejects.toThrow();
	});
	it("is not silent with a relay that never had a clock, and has ended when the relay goes", async () => {
		expect(session.silent()).toBe(false);
		relay.close();
		await until(() => session.ended);
	});
});
