import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { type IncomingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AGREEMENT_VERSION, TERMS_VERSION } from "@mivisus/wire/terms";
import { mailEnvironment } from "../../../scripts/start/environment.ts";
import { Mailbox } from "../../../scripts/start/mailbox.ts";
import { freePort } from "../../../scripts/start/programs.ts";
import { ControlStandIn } from "./relay.ts";
import { launch, type Runtime, signal } from "./runtimes.ts";

const START_MS = 40_000;

/** What a call answered. */
export interface Answered {
	status: number;
	headers: Headers;
	text: string;
	/** The body as JSON; `undefined` for anything else. */
	json: Record<string, unknown> | undefined;
	/** Last segment of a problem's type. */
	problem: string | undefined;
}
export interface CallOptions {
	body?: unknown;
	/** Sent as it stands instead of `body`. */
	raw?: string;
	cookie?: string | undefined;
	/** Replaces the right origin; `null` leaves it out. */
	origin?: string | null;
	headers?: Record<string, string>;
}

/** The really started worker, as a process of its own, with a database file and keys in a fresh folder. */
export class TestWorker {
	readonly folder: string;
	readonly control: ControlStandIn;
	/** Where its mails go. */
	readonly mailbox: Mailbox;
	readonly origin: string;
	/** All that it wrote to its log and to standard error. */
	output = "";
	readonly runtime: Runtime;
	#people = 0;
	#port: number;
	#env: Record<string, string>;
	#child: ChildProcess | undefined;

	private constructor(
		folder: string,
		port: number,
		control: ControlStandIn,
		mailbox: Mailbox,
		env: Record<string, string>,
		runtime: Runtime,
	) {
		this.runtime = runtime;
		this.folder = folder;
		this.control = control;
		this.mailbox = mailbox;
		this.#port = port;
		this.origin = `http://localhost:${port}`;
		this.#env = env;
	}
	static async start(env: Record<string, string> = {}, runtime: Runtime = "node"): Promise<TestWorker> {
		const folder = mkdtempSync(join(tmpdir(), "mivisus-worker-"));
		const control = new ControlStandIn(join(folder, "secrets", "relay-control-keys.json"));
		await control.listen();
		const worker = new TestWorker(folder, await freePort("tcp"), control, await Mailbox.start(), env, runtime);
		await worker.restart();
		return worker;
	}
	get pid(): number {
		return this.#child?.pid ?? 0;
	}
	/** Starts the process, again if it was ended. */
	async restart(): Promise<void> {
		const child = launch(this.runtime, {
			MIVISUS_PORT: String(this.#port),
			MIVISUS_ORIGIN: this.origin,
			MIVISUS_DATABASE: join(this.folder, "worker.db"),
			MIVISUS_SECRETS: join(this.folder, "secrets"),
			MIVISUS_RELAY_URL: "https://localhost:4433",
			MIVISUS_RELAY_CONTROL: `http://127.0.0.1:${this.control.port}`,
			...mailEnvironment(this.mailbox, this.runtime === "workerd"),
			MIVISUS_MAIL_FROM: "Mivisus <contact@mivisus.example>",
			MIVISUS_LOG: "debug",
			...this.#env,
		});
		this.#child = child;
		for (const stream of [child.stdout, child.stderr]) {
			stream?.setEncoding("utf8").on("data", (text: string) => {
				this.output += text;
			});
		}
		const deadline = Date.now() + START_MS;
		for (;;) {
			if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the worker did not start: ${this.output}`);
			const up = await fetch(`http://127.0.0.1:${this.#port}/api/session`).catch(() => undefined);
			await up?.arrayBuffer();
			if (up) return;
			await new Promise((resolve) => setTimeout(resolve, 25));
		}
	}
	/** Ends the process with the signal `name`; resolves with its exit code. */
	end(name: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
		const child = this.#child;
		if (!child || child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child?.exitCode ?? null);
		return new Promise((resolve) => {
			child.once("exit", (code) => resolve(code));
			signal(this.runtime, child, name);
		});
	}
	async close(): Promise<void> {
		await this.end("SIGKILL");
		this.control.close();
		await this.mailbox.close();
		rmSync(this.folder, { recursive: true });
	}
	/** One HTTP call, as a page of the service makes it unless the options say otherwise. `path` below `/api`. */
	async call(method: string, path: string, options: CallOptions = {}): Promise<Answered> {
		const { body, raw, cookie, origin = this.origin, headers = {} } = options;
		const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
		const response = await fetch(`http://127.0.0.1:${this.#port}/api${path}`, {
			method,
			redirect: "manual",
			headers: {
				...(sent !== undefined && { "content-type": "application/json" }),
				...(cookie && { cookie: `session=${cookie}` }),
				...(origin !== null && { origin }),
				...headers,
			},
			...(sent !== undefined && { body: sent }),
		});
		const text = await response.text();
		let json: Record<string, unknown> | undefined;
		try {
			json = JSON.parse(text);
		} catch {
			// Not JSON.
		}
		const problem = response.headers.get("content-type")?.startsWith("application/problem+json")
			? String(json?.["type"]).split("/").at(-1)
			: undefined;
		return { status: response.status, headers: response.headers, text, json, problem };
	}
	/** GET of a file. */
	async download(path: string, cookie: string): Promise<{ status: number; headers: Headers; blob: Blob }> {
		const response = await fetch(`${this.origin}/api${path}`, { headers: { cookie: `session=${cookie}` } });
		return { status: response.status, headers: response.headers, blob: await response.blob() };
	}
	/** GET of a path exactly as given, dots included: what no browser would send. */
	get(path: string): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }> {
		return new Promise((resolve, reject) => {
			const asked = request({ host: "127.0.0.1", port: this.#port, path }, (response) => {
				let text = "";
				response.setEncoding("utf8").on("data", (part: string) => {
					text += part;
				});
				response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
			});
			asked.on("error", reject).end();
		});
	}
	/** Signs up, without confirming; from a network of its own, where the worker stands behind a proxy. */
	signUp(email: string, password = PASSWORD, language = "en"): Promise<Answered> {
		const accepted = { terms: TERMS_VERSION, agreement: AGREEMENT_VERSION };
		const body = { email, fullName: "Ada Test", password, language, ...accepted };
		this.#people += 1;
		return this.call("POST", "/accounts", { body, headers: this.#network() });
	}
	/** Of the person who signed up last. */
	#network(): Record<string, string> {
		return { "x-forwarded-for": `198.18.${this.#people >> 8}.${this.#people & 255}` };
	}
	/** The token of the newest mail to `email` that leads to `page`, among those from number `from` on. */
	async mailed(email: string, page: string, from = 0): Promise<string> {
		return (await this.mailbox.link(email, page, from)).split("#")[1] ?? "";
	}
	/** Signs up, confirms with the mail and is signed in; resolves with the cookie's value and the account. */
	async person(email: string, password = PASSWORD): Promise<{ cookie: string; accountId: string }> {
		const signedUp = await this.signUp(email, password);
		if (signedUp.status >= 400) throw new Error(`the sign-up answered ${signedUp.status}: ${signedUp.text}`);
		const token = await this.mailed(email, "/confirm");
		const body = { token, password };
		const { status, headers, json, text } = await this.call("POST", "/accounts/confirm", {
			body,
			headers: this.#network(),
		});
		if (status !== 200) throw new Error(`the confirmation answered ${status}: ${text}`);
		return { cookie: cookieOf(headers), accountId: (json as { account: { id: string } }).account.id };
	}
}
/** The session's value in the answer's Set-Cookie. */
export const cookieOf = (headers: Headers): string =>
	/^session=([^;]+)/.exec(headers.get("set-cookie") ?? "")?.[1] ?? "";
export const PASSWORD = "a password of the tests";
