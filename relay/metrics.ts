import { monitorEventLoopDelay } from "node:perf_hooks";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Meter } from "./meter.ts";

/** What is read at the moment of asking. */
export interface Present {
	/** Bytes that wait for subscribers, and that are kept for those who come late. */
	queuedBytes(): number;
	cachedBytes(): number;
	/** Of frames that did not arrive whole. */
	arrivingBytes(): number;
	broadcasts(): number;
	revocations(): number;
	/** The memory ceiling, bytes. */
	ceilingBytes: number;
}

/** From subscribing to the first frame written, s: a picture that is there already, up to one that nobody waits for. */
const FIRST_FRAME_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const LOOP_RESOLUTION_MS = 20;
const NS = 1e9;
const US = 1e6;

/**
 * What the relay counted and holds, as Prometheus reads it. Labels come from the lists in `meter.ts` and nowhere else:
 * nothing here says who watches what.
 */
export class Metrics {
	readonly registry = new Registry();
	#loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });

	constructor(meter: Meter, present: Present) {
		this.#sessions(meter);
		this.#media(meter);
		this.#gauge("queued_bytes", "Bytes that wait for subscribers", present.queuedBytes);
		this.#gauge("cached_bytes", "Bytes of current groups kept for those who come late", present.cachedBytes);
		this.#gauge("arriving_bytes", "Bytes of frames that did not arrive whole", present.arrivingBytes);
		this.#gauge("broadcasts", "Cameras that are published now", present.broadcasts);
		this.#gauge("revocations_held", "Rights taken back that are remembered", present.revocations);
		this.#gauge("memory_ceiling_bytes", "The setting memoryMiB", () => present.ceilingBytes);
		this.#process();
		this.#loop.enable();
	}
	/** The text format of Prometheus, version 0.0.4. */
	text(): Promise<string> {
		return this.registry.metrics();
	}
	close(): void {
		this.#loop.disable();
	}
	#sessions(meter: Meter): void {
		this.#gauges("sessions", "Sessions now, by transport", "transport", () =>
			subtracted(meter.sessionsBegun, meter.sessionsOver),
		);
		this.#counters("sessions_begun_total", "Sessions let in", "transport", () => meter.sessionsBegun);
		this.#counters("sessions_ended_total", "Sessions that ended, by why", "reason", () => meter.sessionsEnded);
		this.#counters("sessions_refused_total", "Sessions not let in, by why", "reason", () => meter.refused);
		this.#counters("accept_failures_total", "Requests not taken over", "transport", () => meter.acceptFailures);
		this.#counter("enter_failures_total", "Sessions lost while they were let in", () => meter.enterFailures);
	}
	#media(meter: Meter): void {
		this.#counter("received_bytes_total", "Bytes of frames from publishers", () => meter.bytesIn);
		this.#counter("received_frames_total", "Frames from publishers", () => meter.framesIn);
		this.#counter("sent_bytes_total", "Bytes of frames to subscribers", () => meter.bytesOut);
		this.#counter("sent_frames_total", "Frames to subscribers", () => meter.framesOut);
		this.#counters("groups_dropped_total", "Groups that a subscriber missed", "reason", () => meter.groupsDropped);
		this.#counter("joins_total", "Subscriptions of viewers that were accepted", () => meter.joins);
		this.#counter(
			"upstream_subscriptions_total",
			"Subscriptions at publishers, one per track however many watch",
			() => meter.upstreamSubscriptions,
		);
		const firstFrame = new Histogram({
			name: named("first_frame_seconds"),
			help: "From a subscription to its first frame written",
			buckets: FIRST_FRAME_BUCKETS,
			registers: [this.registry],
		});
		meter.onFirstFrame = (ms) => firstFrame.observe(ms / 1000);
	}
	#process(): void {
		const memory = () => {
			const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
			return { resident: rss, heap: heapUsed, external, buffers: arrayBuffers };
		};
		const cpu = () => {
			const { user, system } = process.cpuUsage();
			return { user: user / US, system: system / US };
		};
		const delay = () => {
			const { max } = this.#loop;
			const [p50, p99] = [this.#loop.percentile(50), this.#loop.percentile(99)];
			this.#loop.reset();
			return { p50: p50 / NS, p99: p99 / NS, max: max / NS };
		};
		this.#gauges("memory_bytes", "Memory of this process; buffers are part of external", "kind", memory);
		this.#counters("cpu_seconds_total", "Processor time of this process", "mode", cpu);
		this.#gauges("event_loop_delay_seconds", "Delay of the event loop since it was last asked", "quantile", delay);
	}
	#counter(name: string, help: string, read: () => number): void {
		const registers = [this.registry];
		new Counter({
			name: named(name),
			help,
			registers,
			collect() {
				this.reset();
				this.inc(read());
			},
		});
	}
	#counters<L extends string>(name: string, help: string, label: L, read: () => Record<string, number>): void {
		const registers = [this.registry];
		new Counter({
			name: named(name),
			help,
			registers,
			labelNames: [label],
			collect() {
				this.reset();
				for (const [value, count] of Object.entries(read())) this.labels(value).inc(count);
			},
		});
	}
	#gauge(name: string, help: string, read: () => number): void {
		const registers = [this.registry];
		new Gauge({
			name: named(name),
			help,
			registers,
			collect() {
				this.set(read());
			},
		});
	}
	#gauges<L extends string>(name: string, help: string, label: L, read: () => Record<string, number>): void {
		const registers = [this.registry];
		new Gauge({
			name: named(name),
			help,
			registers,
			labelNames: [label],
			collect() {
				for (const [value, now] of Object.entries(read())) this.labels(value).set(now);
			},
		});
	}
}

function named(name: string): string {
	return `mivisus_relay_${name}`;
}
function subtracted<K extends string>(from: Record<K, number>, what: Record<K, number>): Record<K, number> {
	const keys = Object.keys(from) as K[];
	return Object.fromEntries(keys.map((key) => [key, from[key] - what[key]])) as Record<K, number>;
}
