import { type ClockFrame, decodeJson, encodeJson, ReportFrame } from "@mivisus/wire/relay-tracks";
import { expect, it } from "vitest";
import { fakePair } from "../fake.ts";
import type { GroupWriter } from "./outgoing.ts";
import { MoqPeer } from "./peer.ts";
import { RelayClock } from "./relay-clock.ts";

const OWN = ".peer/abc";

/** A peer with a clock, and a relay in the test's hand that ticks and reads reports. */
async function start() {
	const { client, server } = fakePair();
	let ticking: (group: GroupWriter) => void = () => {};
	const group = new Promise<GroupWriter>((resolve) => {
		ticking = resolve;
	});
	let beats = 0;
	const clock = new RelayClock(OWN, {
		tracks: () => ({ "cam/video": { latenessMs: 5, dropped: 1 } }),
		beat: () => beats++,
	});
	const [peer, relay] = await Promise.all([
		MoqPeer.client(client, {
			onSubscribe: (subscription) => void (clock.serve(subscription) || subscription.refuse(404)),
		}),
		MoqPeer.server(server, {
			onSubscribe: async (subscription) => {
				expect([subscription.broadcast, subscription.track]).toEqual([".relay", "clock"]);
				await subscription.accept();
				ticking(await subscription.openGroup(0));
			},
		}),
	]);
	void clock.follow(peer);
	const reports = await relay.subscribe(OWN, "report", 1);
	const reported = (await reports.groups.next()).value!;
	const tick = async (fields: Omit<ClockFrame, "v">) => (await group).write(encodeJson({ v: 1, ...fields }));
	const report = async () => decodeJson(ReportFrame, (await reported.next())!);
	return { clock, peer, relay, tick, report, group, beats: () => beats };
}

it("each beat is answered by a report; what is not a beat is not", async () => {
	const { tick, report, group, beats, peer } = await start();
	await tick({ seq: 7, wallMs: 1 });
	expect(await report()).toMatchObject({ clockSeq: 7, tracks: { "cam/video": { latenessMs: 5, dropped: 1 } } });
	await (await group).write(encodeJson({ odd: true }));
	await tick({ seq: 8, wallMs: 1 });
	expect(await report()).toMatchObject({ clockSeq: 8 });
	expect(beats()).toBe(2);
	peer.close();
});

it("the offset is the one measured over the shortest way: a beat that was held up does not spoil it", async () => {
	const { clock, tick, report, peer } = await start();
	/** A relay whose clock is 5 s behind ours; the beat arrives `lateMs` after it was sent. */
	const echoed = async (seq: number, lateMs: number) => {
		const sentMs = Date.now() - lateMs;
		await tick({ seq, wallMs: sentMs - 5000, echo: { sentMs, receivedMs: sentMs - 5000 } });
		await report();
	};
	await echoed(1, 1000);
	expect(Math.abs(clock.offsetMs! - 5500)).toBeLessThan(200);
	await echoed(2, 0);
	expect(Math.abs(clock.offsetMs! - 5000)).toBeLessThan(200);
	await echoed(3, 1000);
	expect(Math.abs(clock.offsetMs! - 5000)).toBeLessThan(200);
	peer.close();
});

it("another track of the same broadcast is not its own, and is left to others", async () => {
	const { relay, peer } = await start();
	await expect(relay.subscribe(OWN, "other", 1)).rejects.toThrow(expect.objectContaining({ code: 404 }));
	peer.close();
});

it("a foreign relay without a clock does no harm", async () => {
	const { client, server } = fakePair();
	const [peer] = await Promise.all([MoqPeer.client(client), MoqPeer.server(server)]);
	const clock = new RelayClock(undefined, { tracks: () => ({}), beat: () => {} });
	await clock.follow(peer);
	expect(clock.offsetMs).toBeUndefined();
	peer.close();
});
