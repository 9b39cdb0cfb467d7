/** Half of the viewers of the join benchmark, in a process of their own: each comes at its time and leaves after a picture. */
import { setTimeout as pause } from "node:timers/promises";
import { serveParent } from "./child.ts";
import { view } from "./feeds.ts";
import { Join } from "./messages.ts";
import { FPS, monotonicMs, readStamp } from "./pattern.ts";

/** Comes at `atMs`. Resolves with the first picture; rejects where there is none, or where it is no key frame. */
async function join({ server, gopSeconds }: Join, { atMs, ...place }: Join["viewers"][number]) {
	await pause(Math.max(0, atMs - monotonicMs()));
	const beganMs = monotonicMs();
	let connectMs = 0;
	let leave = () => {};
	const firstMs = await new Promise<number>((resolve, reject) => {
		let over = false;
		const frame = (payload: Uint8Array) => {
			if (over) return;
			over = true;
			const stamped = { sentMs: 0, sequence: 0 };
			readStamp(payload, stamped);
			if (stamped.sequence % (gopSeconds * FPS) === 0) resolve(monotonicMs() - beganMs);
			else reject(new Error(`the first frame is number ${stamped.sequence}: no key frame, nobody can show it`));
		};
		const eyes = {
			connected: () => {
				connectMs = monotonicMs() - beganMs;
			},
			frame,
			lost: (why: string) => reject(new Error(why)),
		};
		const viewing = view(server, place, eyes);
		// The picture may come before the answer to who asked for it.
		leave = () => void viewing.then((go) => go());
		viewing.catch(reject);
	});
	return { connectMs, firstMs, leave };
}

serveParent(async (message) => {
	const job = Join.parse(message);
	const joined = await Promise.all(job.viewers.map((viewer) => join(job, viewer)));
	process.send?.({
		connectMs: joined.map(({ connectMs }) => connectMs),
		firstMs: joined.map(({ firstMs }) => firstMs),
	});
	for (const { leave } of joined) leave();
});
