/** The publisher's process: one session for each camera, frames by the clock. */
import { setTimeout as pause } from "node:timers/promises";
import { StreamError } from "@mivisus/transport/port";
import { serveParent } from "./child.ts";
import { Count, PublisherJob, Window } from "./messages.ts";
import { type Outlet, publish } from "./outlets.ts";
import { FPS, monotonicMs, stamp, templates } from "./pattern.ts";

const sent: Record<string, number> = {};
let window: Window = { fromMs: Number.POSITIVE_INFINITY, toMs: 0 };

/** Sends at its times for as long as the process lives; what is late goes out at once, nothing is left out. */
async function film(
	outlet: Outlet,
	broadcast: string,
	{ gopSeconds, beganMs }: { gopSeconds: number; beganMs: number },
) {
	const { gopFrames, key, other } = templates(gopSeconds);
	const dueMs = (frame: number) => beganMs + (frame * 1000) / FPS;
	// A camera films whether or not somebody looks: who comes gets the next group.
	let frame = Math.max(0, Math.ceil((monotonicMs() - beganMs) / (gopSeconds * 1000))) * gopFrames;
	for (;;) {
		await pause(Math.max(0, dueMs(frame) - monotonicMs()));
		const inGroup = frame % gopFrames;
		if (inGroup === 0) await outlet.begin(frame / gopFrames);
		const bytes = Buffer.from(inGroup === 0 ? key : other);
		const sentMs = monotonicMs();
		stamp(bytes, sentMs, frame);
		if (sentMs >= window.fromMs && sentMs < window.toMs) sent[broadcast] = (sent[broadcast] ?? 0) + 1;
		await outlet.write(bytes);
		frame += 1;
		if (frame % gopFrames === 0) await outlet.end();
	}
}

async function begin({ server, gopSeconds, cameras }: PublisherJob): Promise<void> {
	const nowMs = monotonicMs();
	for (const { afterMs, ...place } of cameras) {
		const { broadcast } = place;
		sent[broadcast] = 0;
		await publish(server, place, (outlet) => {
			film(outlet, broadcast, { gopSeconds, beganMs: nowMs + afterMs }).catch((error) => {
				// Nobody looks any more, which is how each measurement ends. In the middle of one, what was not sent tells.
				if (error instanceof StreamError) return;
				console.error(`camera ${broadcast}:`, error);
				process.exit(1);
			});
		});
	}
	process.send?.({ ready: true });
}

serveParent((message) => {
	const job = PublisherJob.safeParse(message);
	if (job.success) return begin(job.data);
	if (Count.safeParse(message).success) process.send?.({ sent });
	else window = Window.parse(message);
});
