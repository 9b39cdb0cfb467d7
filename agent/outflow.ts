import { z } from "zod";
import { MAX_CAMERAS } from "./limits.ts";
import type { BroadcastClock } from "./publish/media.ts";
import { PrivateFile } from "./secrets/file.ts";

/** How often what left is written down, ms: a killed agent forgets no more than that. */
const WRITE_MS = 60_000;

const Leaving = z.object({ lastPictureMs: z.number().optional(), bytes: z.number() });
/** `outflow.json`: what left this house. */
const Kept = z.object({
	v: z.literal(1),
	/** Of the house, e.g. `2026-11-27`: the bytes are this day's. */
	date: z.string(),
	cameras: z.record(z.string(), Leaving).refine((all) => Object.keys(all).length <= 2 * MAX_CAMERAS),
});
type Kept = z.infer<typeof Kept>;

/** What left this house of one camera, or of all. */
export interface Left {
	/** When the last picture left, ms since 1970; absent when none ever did. */
	lastPictureMs?: number | undefined;
	/** Bytes of pictures and sound since midnight of the house. */
	todayBytes: number;
}

/** Counts what leaves this house, for its owner's eyes only: nothing here is ever sent. */
export class Outflow {
	#file: PrivateFile<Kept>;
	#clock: BroadcastClock;
	#dateOf: (ms: number) => string;
	#kept: Kept;
	#cancelWrite: (() => void) | undefined;

	/** `dateOf`: the house's day at a time. A damaged file is begun anew: no count is worth a camera. */
	constructor(path: string, clock: BroadcastClock, dateOf: (ms: number) => string) {
		this.#file = new PrivateFile(path, Kept);
		this.#clock = clock;
		this.#dateOf = dateOf;
		let kept: Kept | undefined;
		try {
			kept = this.#file.read();
		} catch {}
		this.#kept = kept ?? { v: 1, date: dateOf(clock.now()), cameras: {} };
	}
	/** Media of `camera` was taken by the uplink. */
	sent(camera: string, bytes: number, kind: "video" | "audio"): void {
		this.#turnDay();
		const nowMs = this.#clock.now();
		const { cameras } = this.#kept;
		cameras[camera] ??= { bytes: 0 };
		const left = cameras[camera];
		left.bytes += bytes;
		if (kind === "video") left.lastPictureMs = nowMs;
		this.#cancelWrite ??= this.#clock.after(WRITE_MS, () => this.save());
	}
	of(camera: string): Left {
		this.#turnDay();
		const { lastPictureMs, bytes = 0 } = this.#kept.cameras[camera] ?? {};
		return { lastPictureMs, todayBytes: bytes };
	}
	/** Of all cameras, those included that are there no more. */
	get all(): Left {
		this.#turnDay();
		const cameras = Object.values(this.#kept.cameras);
		const times = cameras.flatMap(({ lastPictureMs }) => lastPictureMs ?? []);
		return {
			lastPictureMs: times.length > 0 ? Math.max(...times) : undefined,
			todayBytes: cameras.reduce((sum, { bytes }) => sum + bytes, 0),
		};
	}
	/** Writes it down, where anything changed. A full disk costs the count, nothing else. */
	save(): void {
		if (!this.#cancelWrite) return;
		this.#cancelWrite();
		this.#cancelWrite = undefined;
		try {
			this.#file.write(this.#kept);
		} catch {}
	}
	/** At midnight of the house counting begins anew; what left longest ago of removed cameras goes. */
	#turnDay(): void {
		const date = this.#dateOf(this.#clock.now());
		if (date === this.#kept.date) return;
		const latest = Object.entries(this.#kept.cameras)
			.sort(([, a], [, b]) => (b.lastPictureMs ?? 0) - (a.lastPictureMs ?? 0))
			.slice(0, MAX_CAMERAS)
			.map(([camera, { lastPictureMs }]) => [camera, { lastPictureMs, bytes: 0 }] as const);
		this.#kept = { v: 1, date, cameras: Object.fromEntries(latest) };
	}
}
