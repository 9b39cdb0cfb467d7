import { decodeCatalog, Track } from "@mivisus/wire/catalog";
import { decodeLegacy } from "@mivisus/wire/container";
import { beforeEach, describe, expect, it } from "vitest";
import { IDLE_MS, MAX_GOP_FRAMES, MAX_OPEN_GROUPS, MAX_TRACK_SUBSCRIPTIONS, UPLINK_SLOW_MS } from "../limits.ts";
import { HeldClock } from "../testing/held-clock.ts";
import { CameraBroadcast } from "./broadcast.ts";
import type { MediaListener, MediaSource, MediaTracks } from "./media.ts";

const tracks: MediaTracks = {
	video: { codec: "avc1.42C01E", description: Uint8Array.of(1, 0x42), width: 640, height: 360 },
	audio: { codec: "mp4a.40.2", sampleRate: 16000, numberOfChannels: 1 },
};

/** A source in the test's hand. */
class HeldSource implements MediaSource {
	listener: MediaListener | undefined;
	starts = 0;
	stops = 0;
	start(listener: MediaListener) {
		this.starts += 1;
		this.listener = listener;
		// As a camera's source does, before it has even connected.
		listener.state({ code: "waiting", sinceMs: 0 });
	}
	async stop() {
		this.stops += 1;
	}
}
/** A subscription that records groups. */
function subscribe(track: string) {
	const groups: { sequence: number; frames: Uint8Array[]; end?: string }[] = [];
	let leave = () => {};
	const closed = new Promise<void>((resolve) => {
		leave = resolve;
	});
	const openGroup = async (sequence: number) => {
		const group: (typeof groups)[number] = { sequence, frames: [] };
		groups.push(group);
		return {
			write: async (frame: Uint8Array) => void group.frames.push(frame),
			finish: async () => {
				group.end = "fin";
			},
			reset: (code: number) => {
				group.end = `reset ${code}`;
			},
		};
	};
	return { track, openGroup, closed, end: async () => leave(), leave: () => leave(), groups };
}
const settle = async () => {
	for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};
const unit = (timestampUs: number, key = false) => ({ timestampUs, key, data: Uint8Array.of(9) });

let source: HeldSource;
let clock: HeldClock;
let sent: number;
let told: string[];
let broadcast: CameraBroadcast;
const publish = (sources: { main: MediaSource; sub?: MediaSource }, ready = false, off = false) =>
	new CameraBroadcast({
		sources,
		sound: false,
		ready,
		off,
		clock,
		sent: (bytes) => {
			sent += bytes;
		},
		stateChanged: (state) => told.push(state),
	});
beforeEach(() => {
	source = new HeldSource();
	clock = new HeldClock();
	sent = 0;
	told = [];
	broadcast = publish({ main: source });
});
const lastCatalog = (subscription: ReturnType<typeof subscribe>) => {
	const decoded = decodeCatalog(subscription.groups.at(-1)!.frames[0]!);
	if (!decoded.ok) throw new Error(decoded.problem);
	return decoded.catalog;
};

describe("a camera as a broadcast", () => {
	it("03.1, A09: reads nothing and sends nothing until somebody asks, and is silent again afterwards", async () => {
		expect(source.starts).toBe(0);
		const viewer = subscribe(Track.video);
		broadcast.serve(viewer);
		source.listener?.unit("video", unit(1, true));
		await settle();
		expect(sent).toBeGreaterThan(0);
		viewer.leave();
		await settle();
		const before = sent;
		source.listener?.unit("video", unit(2, true));
		await settle();
		expect(sent).toBe(before);
		clock.advance(IDLE_MS - 1);
		expect(source.stops).toBe(0);
		clock.advance(1);
		expect(source.stops).toBe(1);
	});

	it("A08: one camera session whatever the number of subscriptions, kept when one returns in time", async () => {
		const first = subscribe(Track.video);
		broadcast.serve(first);
		broadcast.serve(subscribe(Track.catalog));
		first.leave();
		await settle();
		broadcast.serve(subscribe(Track.video));
		clock.advance(IDLE_MS * 2);
		expect([source.starts, source.stops]).toEqual([1, 0]);
	});

	it("A12: the privacy switch closes the camera's session at once, and says so to who watches", async () => {
		const [viewer, watcher] = [subscribe(Track.catalog), subscribe(Track.video)];
		broadcast.serve(viewer);
		broadcast.serve(watcher);
		source.listener?.state({ code: "live", sinceMs: 1 });
		source.listener?.unit("video", unit(1, true));
		await settle();
		clock.ms += 5000;
		broadcast.setOff(true);
		expect([source.starts, source.stops]).toEqual([1, 1]);
		// What a source still says, and whoever comes now, changes nothing.
		source.listener?.unit("video", unit(2, true));
		source.listener?.state({ code: "live", sinceMs: 2 });
		const late = subscribe(Track.video);
		broadcast.serve(late);
		await settle();
		expect(lastCatalog(viewer).mivisus?.state).toEqual({ code: "off", sinceMs: clock.now() });
		expect(late.groups).toEqual([]);
		expect(watcher.groups.map(({ frames, end }) => [frames.length, end])).toEqual([[1, "reset 0"]]);
		expect(source.starts).toBe(1);
		clock.advance(IDLE_MS * 2);
		expect(source.stops).toBe(1);
	});

	it("A12: switched on again, who stayed sees it again without doing anything; nobody there, it stays closed", async () => {
		const watcher = subscribe(Track.video);
		broadcast.setOff(true);
		broadcast.serve(watcher);
		expect(source.starts).toBe(0);
		broadcast.setOff(false);
		source.listener?.unit("video", unit(3, true));
		await settle();
		expect(source.starts).toBe(1);
		expect(watcher.groups).toHaveLength(1);
		broadcast.setOff(true);
		watcher.leave();
		await settle();
		broadcast.setOff(false);
		expect([source.starts, broadcast.state.code]).toEqual([1, "waiting"]);
	});

	it("A12: a camera that is off from the start tells so from the start", async () => {
		broadcast = publish({ main: source }, false, true);
		const viewer = subscribe(Track.catalog);
		broadcast.serve(viewer);
		await settle();
		expect(lastCatalog(viewer).mivisus?.state.code).toBe("off");
		expect(source.starts).toBe(0);
	});

	it("who subscribed is told when a camera goes or gets another address: nothing more would come", async () => {
		const all = [Track.catalog, Track.video].map((track) => subscribe(track));
		const ended: string[] = [];
		for (const each of all) {
			broadcast.serve(each);
			void each.closed.then(() => ended.push(each.track));
		}
		await broadcast.close();
		await settle();
		expect(ended).toEqual([Track.catalog, Track.video]);
	});
	it("R9: a relay that asks for one track again and again is refused in the end, until it lets one go", async () => {
		const all = Array.from({ length: MAX_TRACK_SUBSCRIPTIONS }, () => subscribe(Track.video));
		for (const each of all) expect(broadcast.serve(each)).toBe(true);
		expect(broadcast.serve(subscribe(Track.video))).toBe(false);
		expect(broadcast.serve(subscribe(Track.catalog))).toBe(true);
		all[0]?.leave();
		await settle();
		expect(broadcast.serve(subscribe(Track.video))).toBe(true);
	});

	it("V10: who comes between keyframes starts at the last one", async () => {
		broadcast.serve(subscribe(Track.catalog));
		source.listener?.state({ code: "live", sinceMs: 1 });
		for (const [at, key] of [
			[1, true],
			[2, false],
			[3, true],
			[4, false],
		] as const)
			source.listener?.unit("video", unit(at, key));
		const late = subscribe(Track.video);
		broadcast.serve(late);
		source.listener?.unit("video", unit(5));
		await settle();
		expect(late.groups.map(({ frames }) => frames.map((frame) => decodeLegacy(frame).timestampUs))).toEqual([
			[3, 4, 5],
		]);
	});

	it("pictures from before an outage are not shown as live after it", async () => {
		broadcast.serve(subscribe(Track.catalog));
		source.listener?.unit("video", unit(1, true));
		source.listener?.state({ code: "camera-unreachable", sinceMs: 5, detail: "no answer" });
		const late = subscribe(Track.video);
		broadcast.serve(late);
		await settle();
		expect(late.groups).toEqual([]);
	});

	it("the catalog tells codec, size and state, and changes with them", async () => {
		const viewer = subscribe(Track.catalog);
		broadcast.serve(viewer);
		source.listener?.tracks(tracks);
		source.listener?.state({ code: "camera-unreachable", sinceMs: 7, detail: "no answer" });
		await settle();
		const catalog = lastCatalog(viewer);
		expect(catalog.video?.renditions[Track.video]).toMatchObject({
			codec: "avc1.42C01E",
			description: "0142",
			codedWidth: 640,
		});
		expect(catalog.mivisus?.state).toEqual({ code: "camera-unreachable", sinceMs: 7, detail: "no answer" });
		const sequences = viewer.groups.map(({ sequence }) => sequence);
		expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
	});

	it("03.3: sound neither shows in the catalog nor flows until the owner switches it on, and ends when it is off", async () => {
		const viewer = subscribe(Track.catalog);
		broadcast.serve(viewer);
		source.listener?.tracks(tracks);
		expect(broadcast.serve(subscribe(Track.audio))).toBe(false);
		await settle();
		expect(lastCatalog(viewer).audio?.renditions).toEqual({});
		broadcast.setSound(true);
		const listener = subscribe(Track.audio);
		expect(broadcast.serve(listener)).toBe(true);
		for (let at = 0; at <= 2_000_000; at += 250_000) {
			source.listener?.unit("audio", unit(at, true));
			await settle();
		}
		expect(listener.groups.map(({ frames }) => frames.length)).toEqual([4, 4, 1]);
		expect(lastCatalog(viewer).mivisus?.sound).toBe("on");
		broadcast.setSound(false);
		await listener.closed;
		source.listener?.unit("audio", unit(3_000_000, true));
		await settle();
		expect(listener.groups.map(({ end }) => end)).toEqual(["reset 0", "reset 0", "reset 0"]);
		expect(lastCatalog(viewer).audio?.renditions).toEqual({});
		broadcast.setSound(true);
		source.listener?.unit("audio", unit(4_000_000, true));
		await settle();
		expect(listener.groups).toHaveLength(3);
	});

	it("S02: sound that the camera sends and nobody can hear is unsupported, in words", async () => {
		broadcast.setSound(true);
		const viewer = subscribe(Track.catalog);
		broadcast.serve(viewer);
		source.listener?.tracks({ video: tracks.video, soundProblem: "The camera sends its sound as G.726." });
		await settle();
		expect(lastCatalog(viewer).mivisus).toMatchObject({
			sound: "unsupported",
			soundDetail: "The camera sends its sound as G.726.",
		});
	});

	it("P06: where a group is longer than what is kept, who comes is told to wait and what to change; others see on", async () => {
		const early = subscribe(Track.video);
		broadcast.serve(early);
		const viewer = subscribe(Track.catalog);
		broadcast.serve(viewer);
		source.listener?.state({ code: "live", sinceMs: 1 });
		const at = (n: number) => n * 83_333;
		for (let n = 0; n <= MAX_GOP_FRAMES; n++) source.listener?.unit("video", unit(at(n), n === 0));
		await settle();
		expect(lastCatalog(viewer).mivisus?.state).toEqual({
			code: "waiting",
			sinceMs: 1,
			detail: "The camera sends a key frame about every 341 s only. Choose a shorter interval in its settings.",
		});
		const late = subscribe(Track.video);
		broadcast.serve(late);
		await settle();
		expect([late.groups.length, early.groups.length]).toEqual([0, 1]);
		source.listener?.unit("video", unit(at(5000), true));
		await settle();
		expect([late.groups.length, early.groups.length]).toEqual([1, 2]);
		expect(lastCatalog(viewer).mivisus?.state).toEqual({ code: "live", sinceMs: 1 });
	});

	it("an unknown track is refused and wakes nothing", () => {
		expect(broadcast.serve(subscribe("video/other"))).toBe(false);
		expect(source.starts).toBe(0);
	});

	it("02.4: says when the stream changes state, and idle when nothing is read any more", async () => {
		const viewer = subscribe(Track.video);
		broadcast.serve(viewer);
		source.listener?.state({ code: "waiting", sinceMs: 1 });
		source.listener?.state({ code: "live", sinceMs: 2 });
		source.listener?.state({ code: "camera-unreachable", sinceMs: 3 });
		viewer.leave();
		await settle();
		clock.advance(IDLE_MS);
		expect(told).toEqual(["waiting", "live", "camera-unreachable", "idle"]);
	});

	it("V10: a camera that is kept ready is read before anybody asks, and after; nothing leaves meanwhile", async () => {
		const main = new HeldSource();
		const kept = publish({ main }, true);
		expect(main.starts).toBe(1);
		expect(told).toEqual(["waiting"]);
		main.listener?.state({ code: "live", sinceMs: 1 });
		main.listener?.unit("video", unit(1, true));
		await settle();
		expect(sent).toBe(0);
		const viewer = subscribe(Track.video);
		kept.serve(viewer);
		await settle();
		expect(viewer.groups[0]?.frames).toHaveLength(1);
		viewer.leave();
		await settle();
		clock.advance(IDLE_MS * 2);
		expect(main.stops).toBe(0);
		await kept.close();
		expect(main.stops).toBe(1);
	});
	it("V10: the owner says at any time whether a camera is kept ready; off is off all the same", async () => {
		broadcast.setReady(true);
		expect([source.starts, broadcast.watched]).toEqual([1, false]);
		broadcast.setOff(true);
		expect(source.stops).toBe(1);
		broadcast.setReady(false);
		broadcast.setReady(true);
		expect(source.starts).toBe(1);
		broadcast.setOff(false);
		expect(source.starts).toBe(2);
		const viewer = subscribe(Track.video);
		broadcast.serve(viewer);
		expect(broadcast.watched).toBe(true);
		broadcast.setReady(false);
		clock.advance(IDLE_MS * 2);
		expect(source.stops).toBe(1);
		viewer.leave();
		await settle();
		expect(broadcast.watched).toBe(false);
		clock.advance(IDLE_MS);
		expect(source.stops).toBe(2);
		broadcast.setReady(true);
		broadcast.setReady(false);
		clock.advance(IDLE_MS);
		expect(source.stops).toBe(3);
	});
});

describe("a camera with two streams", () => {
	let sub: HeldSource;
	beforeEach(() => {
		sub = new HeldSource();
		broadcast = publish({ main: source, sub });
	});
	const small: MediaTracks = { video: { codec: "avc1.42C00D", width: 320, height: 180 } };

	it("offers both, each with its state; the sound is the main one's", async () => {
		broadcast.setSound(true);
		const viewer = subscribe(Track.catalog);
		broadcast.serve(viewer);
		source.listener?.tracks({ ...tracks });
		sub.listener?.tracks({ ...small, audio: { codec: "alaw", sampleRate: 8000, numberOfChannels: 1 } });
		source.listener?.state({ code: "camera-refused", sinceMs: 1 });
		sub.listener?.state({ code: "live", sinceMs: 2 });
		await settle();
		const { video, audio, mivisus } = lastCatalog(viewer);
		expect(Object.values(video?.renditions ?? {}).map(({ codedWidth }) => codedWidth)).toEqual([640, 320]);
		expect(Object.values(audio?.renditions ?? {}).map(({ codec }) => codec)).toEqual(["mp4a.40.2"]);
		expect(mivisus?.state.code).toBe("live");
		expect(mivisus?.streams).toMatchObject({
			[Track.video]: { code: "camera-refused" },
			[Track.videoSub]: { code: "live" },
		});
	});
	it("reads only the stream that somebody sees, once it is known what both are", async () => {
		broadcast.serve(subscribe(Track.catalog));
		const grid = subscribe(Track.videoSub);
		broadcast.serve(grid);
		expect([source.starts, sub.starts]).toEqual([1, 1]);
		source.listener?.tracks(tracks);
		sub.listener?.tracks(small);
		clock.advance(IDLE_MS);
		expect([source.stops, sub.stops]).toEqual([1, 0]);
		const large = subscribe(Track.video);
		broadcast.serve(large);
		grid.leave();
		await settle();
		clock.advance(IDLE_MS);
		expect([source.starts, source.stops, sub.stops]).toEqual([2, 1, 1]);
		source.listener?.unit("video", unit(1, true));
		sub.listener?.unit("video", unit(1, true));
		await settle();
		expect(large.groups).toHaveLength(1);
		expect(grid.groups).toHaveLength(0);
	});
	it("has no second stream where the camera has none", () => {
		expect(publish({ main: source }).serve(subscribe(Track.videoSub))).toBe(false);
	});
});

describe("a house whose line does not keep up", () => {
	it("is said in the catalog while groups are left out, and no longer", async () => {
		const viewer = subscribe(Track.catalog);
		broadcast.serve(viewer);
		const slow = subscribe(Track.video);
		const blocked = { write: () => new Promise<void>(() => {}), finish: async () => {}, reset: () => {} };
		broadcast.serve({ ...slow, openGroup: async () => blocked });
		for (let n = 1; n <= MAX_OPEN_GROUPS; n++) source.listener?.unit("video", unit(n, true));
		await settle();
		expect(lastCatalog(viewer).mivisus?.uplink).toBeUndefined();
		source.listener?.unit("video", unit(10, true));
		await settle();
		expect(lastCatalog(viewer).mivisus?.uplink).toBe("slow");
		clock.advance(UPLINK_SLOW_MS - 1);
		source.listener?.unit("video", unit(11, true));
		clock.advance(UPLINK_SLOW_MS - 1);
		await settle();
		expect(lastCatalog(viewer).mivisus?.uplink).toBe("slow");
		clock.advance(1);
		await settle();
		expect(lastCatalog(viewer).mivisus?.uplink).toBeUndefined();
	});
});
