import { CameraSource } from "@mivisus/agent/camera";
import type { Unit } from "@mivisus/agent/publish/gop";
import type { MediaTracks } from "@mivisus/agent/publish/media";
import type { Step } from "@mivisus/agent/rtsp/trace";
import { HeldClock } from "@mivisus/agent/testing/held-clock";
import { type Peer, type Script, ScriptedCamera } from "./scripted.ts";

/** Everything a source says, and a way to wait for it. */
export class Witness {
	tracks: MediaTracks[] = [];
	states: string[] = [];
	details: string[] = [];
	units: ({ kind: string } & Unit)[] = [];
	logged: string[] = [];
	steps: Step[] = [];
	#waiting: (() => void)[] = [];
	listener = {
		tracks: (tracks: MediaTracks) => this.#note(() => this.tracks.push(tracks)),
		unit: (kind: string, unit: Unit) => this.#note(() => this.units.push({ kind, ...unit })),
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

/** The agent reading a scripted camera over real sockets. */
export class Watching {
	readonly camera: ScriptedCamera;
	readonly clock = new HeldClock();
	readonly witness = new Witness();
	readonly source: CameraSource;

	static async begin(script: Script, transport: "tcp" | "udp" = "tcp"): Promise<Watching> {
		return new Watching(await ScriptedCamera.listen(script), transport);
	}
	private constructor(camera: ScriptedCamera, transport: "tcp" | "udp") {
		this.camera = camera;
		const url = { scheme: "rtsp" as const, host: "127.0.0.1", port: camera.port, path: "/live" };
		const { clock, witness } = this;
		this.source = new CameraSource({ access: { v: 1, url }, transport, clock, log: witness.log, random: () => 0 });
		this.source.start(this.witness.listener);
	}
	/** The camera's side of the connection with that number, once PLAY was answered. */
	async playing(number = 0): Promise<Peer> {
		const peer = await this.camera.peer(number);
		await peer.until(({ methods }) => methods.includes("PLAY"));
		return peer;
	}
	/** Resolves once so many pictures came. */
	async pictures(count: number): Promise<Witness["units"]> {
		await this.witness.until(({ pictures }) => pictures.length >= count);
		return this.witness.pictures;
	}
	async end(): Promise<void> {
		await this.source.stop();
		await this.camera.close();
	}
}
