import { join } from "node:path";
import type { GroupReader, OutgoingSubscription } from "@mivisus/transport/moq/incoming";
import type { MoqPeer } from "@mivisus/transport/moq/peer";
import { Track } from "@mivisus/wire/catalog";
import { Priority } from "@mivisus/wire/moq/subscribe";
import { Owner, type OwnerState } from "../scripts/start/owner.ts";
import { freePort, Program } from "../scripts/start/programs.ts";
import { signUp } from "../test/e2e/person.ts";
import { System } from "../test/e2e/system.ts";
import { type Access, visit } from "../test/e2e/visitor.ts";
import { ROOT } from "../test/graph/imports.ts";
import { clip } from "./clip.ts";

const ACCOUNT = { email: "bench@example.test", fullName: "Bench", password: "a calm sentence, not a word" };
const CAMERA = { user: "viewer", password: "bench-camera" };

/** How an agent is run: what stands before its arguments. */
export interface Runtime {
	name: "binary" | "node";
	command: readonly [string, ...string[]];
	/** The file that is run. */
	file: string;
	env?: Record<string, string>;
}
/** An agent of the rig with its cameras. */
export interface RigAgent {
	program: Program;
	cameras: string[];
	state: OwnerState;
	/** The link to its own page; it works once. */
	page: URL;
}

/** Worker and relay as their own processes, a camera that loops a clip of 4 Mbit/s, and viewers that only count. */
export class Rig {
	readonly system: System;
	/** Of what the camera sends, Mbit/s. */
	readonly mbits: number;
	#owner: Owner;
	#camera: Program;
	#port: number;
	#agents: Program[] = [];

	private constructor(system: System, owner: Owner, camera: Program, port: number, mbits: number) {
		this.system = system;
		this.#owner = owner;
		this.#camera = camera;
		this.#port = port;
		this.mbits = mbits;
	}
	/** `relayTcp`: everybody is told of the relay's path over TCP, too. */
	static async start({ relayTcp = false } = {}): Promise<Rig> {
		const { path, mbits } = clip();
		const port = await freePort("tcp");
		const camera = new Program("camera", join(ROOT, "scripts/demo-camera/main.ts"), {
			args: ["--port", String(port), "--user", CAMERA.user, "--clip", path],
			env: { MIVISUS_DEMO_CAMERA_PASSWORD: CAMERA.password },
			cwd: ROOT,
		});
		await camera.line(/demo camera ready/);
		const system = await System.start({ relayTcp });
		await signUp(system, ACCOUNT);
		const owner = new Owner(system.origin);
		await owner.signIn(ACCOUNT.email, ACCOUNT.password);
		return new Rig(system, owner, camera, port, mbits);
	}
	/** The camera's address with its password, for ffmpeg. */
	get address(): string {
		return `rtsp://${CAMERA.user}:${CAMERA.password}@127.0.0.1:${this.#port}/live`;
	}
	/** An agent of its own, linked, without cameras. */
	async agent({ name, command, file, env = {} }: Runtime): Promise<RigAgent> {
		const args = ["run", "--origin", this.system.origin, "--home", join(this.system.home, name), "--name", name];
		const program = new Program(name, file, { args, env, cwd: ROOT, with: command });
		this.#agents.push(program);
		const [page] = await program.line(/http:\/\/127\.0\.0\.1:\d+\/#\S+/);
		const [link] = await program.line(/https?:\/\/\S+\/enrol#\S+/);
		const state = await this.#owner.enrol(link, "bench");
		await program.line(/The agent is running/);
		return { program, cameras: [], state, page: new URL(page) };
	}
	/** Gives the agent as many cameras as are missing to `count`. */
	async cameras(agent: RigAgent, count: number): Promise<void> {
		while (agent.cameras.length < count) {
			const url = { scheme: "rtsp" as const, host: "127.0.0.1", port: this.#port, path: "/live" };
			const name = `Camera ${agent.cameras.length + 1}`;
			agent.cameras.push(await this.#owner.addCamera(agent.state, name, { v: 1, url, ...CAMERA }));
		}
	}
	/** Has the agent read each of its cameras while nobody watches, too: as its owner does it, on the agent's own page. */
	async ready({ page, cameras }: RigAgent): Promise<void> {
		const ask = async (method: string, path: string, body: object, headers: Record<string, string> = {}) => {
			const answer = await fetch(new URL(path, page), {
				method,
				headers: { "content-type": "application/json", origin: page.origin, ...headers },
				body: JSON.stringify(body),
			});
			if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
			return answer;
		};
		const opened = await ask("POST", "/api/session", { secret: page.hash.slice(1) });
		const cookie = opened.headers.get("set-cookie")?.split(";")[0] ?? "";
		const { key } = (await opened.json()) as { key: string };
		const signedIn = { cookie, "mivisus-page": key };
		for (const camera of cameras) await ask("PUT", `/api/cameras/${camera}/ready`, { ready: true }, signedIn);
	}
	/** What a viewer of these cameras goes to the relay with. */
	grant<Grant>(cameras: readonly string[]): Promise<Grant> {
		return this.#owner.call<Grant>("POST", "/relay-token", { cameras });
	}
	/** Watches all of the agent's cameras from one place; resolves once each has sent pictures. */
	async watch(cameras: readonly string[]): Promise<Watching> {
		const peer = await visit(await this.grant<Access>(cameras));
		const watching = new Watching(peer);
		await Promise.all(cameras.map((camera) => watching.follow(camera)));
		return watching;
	}
	async stop(): Promise<void> {
		for (const agent of this.#agents) await agent.stop();
		await this.system.stop();
		await this.#camera.stop();
	}
}

/** What came from some cameras. */
class Watching {
	frames = 0;
	bytes = 0;
	#peer: MoqPeer;
	#subscriptions = new Map<string, OutgoingSubscription>();

	constructor(peer: MoqPeer) {
		this.#peer = peer;
	}
	/**
	 * Resolves at the first picture, and goes on watching: the agent takes another session when it gets one more camera, which
	 * ends what was subscribed to on the session before.
	 */
	async follow(camera: string): Promise<void> {
		const announced = await this.#peer.announced("");
		await new Promise<void>((seen, failed) => {
			void (async () => {
				for await (const { active, suffix } of announced) {
					if (suffix === camera && active && (await this.#read(camera))) seen();
				}
				failed(new Error("the relay's session ended before each camera was seen"));
			})();
		});
	}
	/** Whether a picture came; not where the agent takes another session because it got one more camera. */
	async #read(camera: string): Promise<boolean> {
		const subscription = await this.#peer.subscribe(camera, Track.video, Priority.video).catch(() => undefined);
		if (!subscription) return false;
		// Announced anew between the list and the subscription, it would count twice.
		this.#subscriptions.get(camera)?.close();
		this.#subscriptions.set(camera, subscription);
		return new Promise<boolean>((seen) => {
			void (async () => {
				for await (const group of subscription.groups) {
					// One that was dropped because the machine was too busy costs itself alone.
					await this.#count(group, () => seen(true)).catch(() => {});
				}
			})().finally(() => seen(false));
		});
	}
	async #count(group: GroupReader, seen: () => void): Promise<void> {
		for (let frame = await group.next(); frame; frame = await group.next()) {
			this.frames += 1;
			this.bytes += frame.length;
			seen();
		}
	}
	close(): void {
		this.#peer.close();
	}
}
