import { type ChildProcess, spawn } from "node:child_process";
import { clearTimeout, setTimeout } from "node:timers";
import { fileURLToPath } from "node:url";
import { within } from "@mivisus/transport/within";
import type { Revocation } from "@mivisus/wire/token";
import { PLANE_ANSWERS_MS, PLANE_SILENT_MS } from "./limits.ts";
import { FromPlane, type Ready, type Slot, type Status, type ToPlane } from "./messages.ts";

/** A data plane as a process of its own, seen from its supervisor. */
export class PlaneProcess {
	readonly slot: Slot;
	readonly startedAtMs: number;
	/** What it said when it began to listen; rejects where it ended before. */
	readonly ready: Promise<Ready>;
	/** Resolves with its exit status; `null`: killed. */
	readonly ended: Promise<number | null>;
	#child: ChildProcess;
	#said: Ready | undefined;
	#status: (Status & { atMs: number }) | undefined;
	#now: () => number;
	#waiting = new Map<number, (text: string) => void>();
	#lastId = 0;

	/** `revocations`: what it must know before it takes anybody in. */
	constructor(slot: Slot, revocations: Revocation[], now: () => number) {
		this.slot = slot;
		this.#now = now;
		this.startedAtMs = now();
		this.#child = spawn(process.execPath, ["--import", "tsx", fileURLToPath(new URL("child.ts", import.meta.url))], {
			stdio: ["ignore", "inherit", "inherit", "ipc"],
		});
		this.ended = new Promise((resolve) => {
			this.#child.once("exit", resolve);
			this.#child.once("error", () => resolve(null));
		});
		this.ready = new Promise((resolve, reject) => {
			this.#child.on("message", (message) => this.#hear(message, resolve));
			void this.ended.then((code) => reject(new Error(`it ended before it listened (${code ?? "killed"})`)));
		});
		this.ready.catch(() => {});
		// Gone before it could be told: `ended` says so.
		this.#child.on("error", () => {});
		this.#tell({ type: "begin", slot, revocations });
	}
	/** What it said when it began to listen. */
	get said(): Ready | undefined {
		return this.#said;
	}
	/** Its last word, unless that is too old: a process that hangs is not well. */
	get status(): Status | undefined {
		return this.#status && this.#now() - this.#status.atMs < PLANE_SILENT_MS ? this.#status : undefined;
	}
	/** Resolves once it has ended the sessions that rest on these; rejects where it does not answer in time. */
	async revoke(revocations: Revocation[]): Promise<void> {
		await this.#ask((id) => ({ type: "revoke", id, revocations }));
	}
	/** What it counted, as Prometheus reads it; rejects where it does not answer in time. */
	metrics(): Promise<string> {
		return this.#ask((id) => ({ type: "metrics", id }));
	}
	async #ask(question: (id: number) => ToPlane): Promise<string> {
		this.#lastId += 1;
		const id = this.#lastId;
		const done = new Promise<string>((resolve) => this.#waiting.set(id, resolve));
		this.#tell(question(id));
		try {
			// One that ends meanwhile has ended all sessions, and counts nothing.
			const over = Promise.race([done, this.ended.then(() => "")]);
			return await within(PLANE_ANSWERS_MS, over, () => new Error("the relay's process does not answer"));
		} finally {
			this.#waiting.delete(id);
		}
	}
	drain(): void {
		this.#tell({ type: "drain" });
	}
	/** Ends it in order, and by force after `graceMs`. */
	async stop(graceMs: number): Promise<void> {
		this.#child.kill("SIGTERM");
		const timer = setTimeout(() => this.#child.kill("SIGKILL"), graceMs);
		await this.ended;
		clearTimeout(timer);
	}
	#tell(message: ToPlane): void {
		if (this.#child.connected) this.#child.send(message, () => {});
	}
	#hear(message: unknown, ready: (said: Ready) => void): void {
		const parsed = FromPlane.safeParse(message);
		if (!parsed.success) return;
		const said = parsed.data;
		if (said.type === "done") this.#waiting.get(said.id)?.(said.text ?? "");
		else if (said.type === "status") this.#status = { ...said, atMs: this.#now() };
		else {
			this.#said = said;
			this.#status = { type: "status", sessions: 0, broadcasts: 0, ready: true, atMs: this.#now() };
			ready(said);
		}
	}
}
