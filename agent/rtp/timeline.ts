import type { SenderReport } from "./packet.ts";

/** Extends 32-bit timestamps to whole numbers by signed differences: a wrap goes on, a step back goes back (P05). */
export class TickExtender {
	#last: number | undefined;
	/** The tick near the last one that has these low 32 bits. */
	extend(timestamp: number): number {
		const tick = this.near(timestamp);
		this.#last = tick;
		return tick;
	}
	/** The same without moving on. */
	near(timestamp: number): number {
		if (this.#last === undefined) return timestamp >>> 0;
		return this.#last + ((timestamp - (((this.#last % 2 ** 32) + 2 ** 32) % 2 ** 32)) | 0);
	}
}

/** A step of the ticks outside these bounds, that the arrival does not explain, is not believed at once, µs (P03). */
const STEP_BACK_US = 500_000;
const STEP_AHEAD_US = 2_000_000;
/** As many pictures on a new line make it the line. */
const NEW_LINE_UNITS = 3;
/** The arrival delay is judged by the quickest packet of the last one to two windows, µs. */
const WINDOW_US = 10_000_000;
/** How fast the timeline drifts towards the wall clock at most: cameras' clocks are off by some 100 ppm. */
const MAX_DRIFT = 0.001;
/** The same back from the future, where a slow first picture has put it: few pictures, none of them visibly early. */
const MAX_DRIFT_BACK = 0.1;
/** The same towards the leader, so that sound is beside its picture within seconds, and after a wall clock was set back. */
const MAX_DRIFT_SEEN = 0.02;
/** How far a timestamp may be ahead of its arrival while the timeline drifts back, µs. */
const AHEAD_US = 20_000;
/** Above this the timeline does not drift but step, µs. */
const STEP_US = 1_000_000;

/**
 * Maps a camera's RTP timestamps to the agent's wall clock: strictly increasing µs, evenly spaced as the camera meant
 * them, never running away from the wall clock. Deterministic; time comes in with each unit.
 */
export class Timeline {
	#ticksPerSecond: number;
	#ticks = new TickExtender();
	/** Wall clock minus media time, µs; undefined before the first unit. */
	#offsetUs: number | undefined;
	#last: { tick: number; arrivedUs: number; outUs: number };
	#strange = { count: 0, timestamp: 0 };
	#window = { startUs: 0, minUs: Number.POSITIVE_INFINITY, previousMinUs: Number.POSITIVE_INFINITY };
	#report: { tick: number; cameraUs: number } | undefined;
	#leader: Timeline | undefined;

	/** `afterUs`: every timestamp will be later than this. A `leader` sets the pace once both have sender reports. */
	constructor(options: { clockRate: number; afterUs: number; leader?: Timeline | undefined }) {
		this.#ticksPerSecond = options.clockRate;
		this.#leader = options.leader;
		this.#last = { tick: 0, arrivedUs: 0, outUs: options.afterUs };
	}
	/** Timestamp of the last unit, µs since 1970. */
	get lastUs(): number {
		return this.#last.outUs;
	}
	/** Takes in a sender report; optional, makes sound and picture fit exactly. */
	report({ timestamp, cameraUs }: SenderReport): void {
		if (this.#offsetUs === undefined) return;
		this.#report = { tick: this.#ticks.near(timestamp), cameraUs };
	}
	/** Agent's wall clock, µs since 1970, for a unit that became complete at `arrivedMs`. */
	map(timestamp: number, arrivedMs: number): number {
		const arrivedUs = Math.round(arrivedMs * 1000);
		const tick = this.#ticks.near(timestamp);
		if (this.#offsetUs === undefined) {
			this.#ticks.extend(timestamp);
			this.#offsetUs = arrivedUs - this.#mediaUs(tick);
			return this.#emit(tick, arrivedUs, arrivedUs);
		}
		const stepUs = this.#mediaUs(tick) - this.#mediaUs(this.#last.tick);
		const passedUs = arrivedUs - this.#last.arrivedUs;
		const odd = (stepUs < -STEP_BACK_US || stepUs > STEP_AHEAD_US) && Math.abs(stepUs - passedUs) > STEP_AHEAD_US;
		if (odd && !this.#joins(timestamp)) {
			// Stamped next to its neighbour; `#last.tick` stays on the old line.
			this.#last.arrivedUs = arrivedUs;
			this.#last.outUs = Math.max(this.#last.outUs + 1, this.#last.outUs + Math.max(0, passedUs));
			return this.#last.outUs;
		}
		this.#ticks.extend(timestamp);
		this.#strange.count = 0;
		if (odd) {
			const outUs = this.#last.outUs + Math.max(1, passedUs);
			this.#offsetUs = outUs - this.#mediaUs(tick);
			this.#window = { startUs: arrivedUs, minUs: Number.POSITIVE_INFINITY, previousMinUs: Number.POSITIVE_INFINITY };
			this.#report = undefined;
			return this.#emit(tick, arrivedUs, outUs);
		}
		this.#follow(tick, arrivedUs, Math.max(0, passedUs));
		return this.#emit(tick, arrivedUs, Math.round(this.#mediaUs(tick) + this.#offsetUs));
	}
	/** The wall clock's time for a time of the camera's clock, by this timeline's last report. */
	wallUs(cameraUs: number): number | undefined {
		if (!this.#report || this.#offsetUs === undefined) return undefined;
		return this.#mediaUs(this.#report.tick) + this.#offsetUs + (cameraUs - this.#report.cameraUs);
	}
	#mediaUs(tick: number): number {
		return (tick * 1e6) / this.#ticksPerSecond;
	}
	#emit(tick: number, arrivedUs: number, wantedUs: number): number {
		const outUs = Math.max(this.#last.outUs + 1, wantedUs);
		this.#last = { tick, arrivedUs, outUs };
		return outUs;
	}
	/** Whether a strange timestamp is the third in a row on a line of its own. */
	#joins(timestamp: number): boolean {
		const stepUs = this.#mediaUs((timestamp - this.#strange.timestamp) | 0);
		const near = this.#strange.count > 0 && stepUs > -STEP_BACK_US && stepUs < STEP_AHEAD_US;
		this.#strange = { count: near ? this.#strange.count + 1 : 1, timestamp };
		return this.#strange.count >= NEW_LINE_UNITS;
	}
	/** Moves the offset a little towards where it should be. */
	#follow(tick: number, arrivedUs: number, passedUs: number): void {
		const window = this.#window;
		const delayUs = arrivedUs - this.#mediaUs(tick);
		if (arrivedUs - window.startUs > WINDOW_US || arrivedUs < window.startUs) {
			window.previousMinUs = window.minUs;
			window.minUs = Number.POSITIVE_INFINITY;
			window.startUs = arrivedUs;
		}
		window.minUs = Math.min(window.minUs, delayUs);
		// Until a window is full, the quickest packet is not known: the first offset stands.
		const minUs = Math.min(window.minUs, window.previousMinUs);
		const led = this.#report && this.#leader?.wallUs(this.#report.cameraUs);
		const targetUs =
			led !== undefined
				? led - this.#mediaUs(this.#report!.tick)
				: window.previousMinUs === Number.POSITIVE_INFINITY
					? Math.min(minUs, this.#offsetUs!)
					: minUs;
		const errorUs = targetUs - this.#offsetUs!;
		// Nothing is made after it arrived. Far ahead means a burst of old pictures at the start: corrected at once. A large
		// step back is the wall clock that was set; it would only pile timestamps up at one spot, so the line drifts instead.
		const burst = led === undefined && errorUs < -AHEAD_US && errorUs > -STEP_US;
		if (burst || errorUs > STEP_US) this.#offsetUs = targetUs;
		else {
			const forth = passedUs * (led === undefined ? MAX_DRIFT : MAX_DRIFT_SEEN);
			const back = passedUs * (led === undefined && errorUs > -STEP_US ? MAX_DRIFT_BACK : MAX_DRIFT_SEEN);
			this.#offsetUs = this.#offsetUs! + Math.max(-back, Math.min(forth, errorUs));
		}
	}
}
