import { CameraSource } from "@mivisus/agent/camera";
import type { MediaTracks } from "@mivisus/agent/publish/broadcast";
import type { Step } from "@mivisus/agent/rtsp/trace";
import { afterEach, expect } from "vitest";
import { type Script, ScriptedCamera } from "./scripted.ts";

/** Wall clock in the test's hand, for everything the agent waits for; sockets are real. */
class HeldClock {
	ms = 1_790_000_000_000;
	timers = new Set<{ at: number; callback: () => void }>();
	/** The wall clock was set by so much; timers do not care. */
	setByMs = 0;
	now = () => this.ms + this.setByMs;
	after = (ms: number, callback: () => void) => {
		const timer = { at: this.ms + ms, callback };
		this.timers.add(timer);
		return () => void this.timers.delete(timer);
	};
	/** The longest that anything waits now, ms: between two tries, for the next one. */
	get longestWaitMs(): number {
		return Math.max(...[...this.timers].map(({ at }) => at)) - this.ms;
	}
	/** Moves on, calling what falls due in its order. */
	advance(ms: number): void {
		const end = this.ms + ms;
		for (;;) {
			const next = [...this.timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
			if (!next) break;
			this.ms = next.at;
			this.timers.delete(next);
			next.callback();
		}
		this.ms = end;
	}
}

/** Everything a source says, and a way to wait for it. */
class Witness {
	tracks: MediaTracks[] = [];
	states: string[] = [];
	details: string[] = [];
	units: { kind: string; timestampUs: number; key: boolean }[] = [];
	logged: string[] = [];
	steps: Step[] = [];
	#waiting: (() => void)[] = [];
	listener = {
		tracks: (tracks: MediaTracks) => this.#note(() => this.tracks.push(tracks)),
		unit: (kind: string, { timestampUs, key }: { timestampUs: number; key: boolean }) =>
			this.#note(() => this.units.push({ kind, timestampUs, key })),
		state: ({ code, detail = "" }: { code: string; detail?: string | undefined }) =>
			this.#note(() => {
				if (this.states.at(-1) !== code) this.states.push(code);
				this.details.push(detail);
			}),
	};
	log = {
		info: (fields: object, message: string) =>
			this.#note(() => this.logged.push(`${JSON.stringify(fields)} ${message}`)),
		warn: (fields: object, message: string) =>
			this.#note(() => this.logged.push(`${JSON.stringify(fields)} ${message}`)),
	};
	#note(what: () => unknown): void {
		what();
		for (const resolve of this.#waiting.splice(0)) resolve();
	}
	async until(condition: (witness: this) => boolean): Promise<void> {
		while (!condition(this)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
	}
	/** All that could be read anywhere, for what must stand nowhere. */
	get everything(): string {
		return [...this.logged, ...this.details, ...this.steps.map((step) => JSON.stringify(step))].join("\n");
	}
	get sounds() {
		return this.units.filter(({ kind }) => kind === "audio");
	}
	get pictures() {
		return this.units.filter(({ kind }) => kind === "video");
	}
}

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

export interface Setting {
	transport?: "auto" | "tcp" | "udp";
	user?: string;
	password?: string;
	path?: string;
	host?: string;
	/** `rtsps`: the certificate that the owner accepted. */
	certificate?: string;
}
/** A scripted camera and a source that reads it. */
export async function watch(script: Script, setting: Setting = {}) {
	const { transport = "tcp", user, password, certificate, path = "/live", host = "127.0.0.1" } = setting;
	const camera = await ScriptedCamera.listen({ play: (peer) => peer.frames(peer.media.gop(10)), ...script });
	const clock = new HeldClock();
	const witness = new Witness();
	const url = { scheme: script.tls ? ("rtsps" as const) : ("rtsp" as const), host, port: camera.port, path };
	const access = {
		v: 1 as const,
		url,
		...(user === undefined ? {} : { user }),
		...(password === undefined ? {} : { password }),
		...(certificate === undefined ? {} : { certificate }),
	};
	const trace = (step: Step) => void witness.steps.push(step);
	const source = new CameraSource({ access, transport, clock, log: witness.log, trace, random: () => 0 });
	source.start(witness.listener);
	ends.push(
		() => camera.close(),
		() => source.stop(),
	);
	return { camera, clock, witness, source };
}
export const shows = async (script: Script, setting?: Setting) => {
	const watched = await watch(script, setting);
	await watched.witness.until(({ pictures }) => pictures.length >= 9);
	expect(watched.witness.states).toEqual(["waiting", "live"]);
	return watched;
};
/** The camera gives no picture: which state that is, and its words. */
export async function fails(script: Script, setting?: Setting) {
	const watched = await watch(script, setting);
	await watched.witness.until(({ states }) => states.length > 1);
	return { ...watched, state: watched.witness.states.at(-1), words: watched.witness.details.at(-1) ?? "" };
}
/** One challenge. */
export const digest = (realm = "cam", more = "") => `Digest realm="${realm}", nonce="abc"${more}`;
