import { mkdtempSync, rmSync } from "node:fs";
import { type IncomingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnrolmentFragment } from "@mivisus/wire/enrolment";
import { type AgentState, StateStore } from "../../agent/secrets/state.ts";
import { Program } from "../../scripts/start/programs.ts";
import type { TestAgent, TestPage } from "../../worker/http/testing/parties.ts";
import { ROOT } from "../graph/imports.ts";

/** What the agent's page answered. */
export interface Said {
	status: number;
	headers: IncomingHttpHeaders;
	text: string;
	/** Last segment of a problem's type. */
	problem: string | undefined;
}
export interface Asking {
	method?: string;
	path?: string;
	/** Replaces or, by `undefined`, leaves out what a browser on the page sends. */
	headers?: Record<string, string | string[] | undefined>;
	body?: string;
	/** Where to connect to. */
	at?: { host: string; port: number };
}

/** A really running agent with a folder of its own, and its page as a browser has it open. */
export class RunAgent {
	readonly home = mkdtempSync(join(tmpdir(), "mivisus-agent-"));
	readonly origin: string;
	/** All that it wrote. */
	output = "";
	program!: Program;
	port = 0;
	/** The secret of the printed link. */
	secret = "";
	cookie = "";
	key = "";

	constructor(origin: string) {
		this.origin = origin;
	}
	/** Starts it; resolves with the link that it shows where it belongs to nobody. */
	async start(): Promise<string | undefined> {
		const args = ["run", "--origin", this.origin, "--home", this.home, "--name", "Attic"];
		this.program = new Program("agent", join(ROOT, "agent/main.ts"), { args, env: { TZ: "Europe/Paris" }, cwd: ROOT });
		this.program.onLine((line) => {
			this.output += `${line}\n`;
		});
		const [, port, secret] = await this.program.line(/http:\/\/127\.0\.0\.1:(\d+)\/#(\S+)/);
		[this.port, this.secret] = [Number(port), secret ?? ""];
		const [found] = await this.program.line(/https?:\/\/\S+\/enrol#\S+|The agent is running/);
		return found.startsWith("http") ? found : undefined;
	}
	async stop(): Promise<void> {
		await this.program.stop();
		rmSync(this.home, { recursive: true, force: true });
	}
	/** Opens the page with a link's secret, as its script does. */
	async open(secret = this.secret): Promise<Said> {
		const answer = await this.ask({ method: "POST", path: "/api/session", body: JSON.stringify({ secret }) });
		if (answer.status !== 200) return answer;
		this.cookie = /mivisus-agent=[^;]+/.exec(String(answer.headers["set-cookie"]))?.[0] ?? "";
		this.key = JSON.parse(answer.text).key;
		return answer;
	}
	/** One request, as the page's script sends it but for what the test changes. */
	ask({ method = "GET", path = "/api/state", headers = {}, body, at }: Asking): Promise<Said> {
		const own = `127.0.0.1:${this.port}`;
		const usual: Asking["headers"] = {
			host: own,
			cookie: this.cookie,
			"mivisus-page": this.key,
			"sec-fetch-site": "same-origin",
			...(method !== "GET" && { origin: `http://${own}` }),
			...(body !== undefined && { "content-type": "application/json" }),
		};
		const sent = Object.entries({ ...usual, ...headers }).filter(([, value]) => value !== undefined && value !== "");
		return new Promise((resolve, reject) => {
			const { host, port } = at ?? { host: "127.0.0.1", port: this.port };
			const asked = request({ host, port, method, path, setHost: false, headers: Object.fromEntries(sent) as never });
			asked.on("error", reject);
			asked.on("response", (response) => {
				let text = "";
				response.setEncoding("utf8");
				response.on("data", (chunk) => {
					text += chunk;
				});
				response.on("end", () => {
					const isProblem = response.headers["content-type"] === "application/problem+json";
					const problem = isProblem ? JSON.parse(text).type.split("/").at(-1) : undefined;
					resolve({ status: response.statusCode ?? 0, headers: response.headers, text, problem });
				});
				response.on("error", reject);
			});
			asked.end(body);
		});
	}
	/** What the agent says of itself. */
	async view() {
		return JSON.parse((await this.ask({})).text);
	}
	/** What it keeps, opened as itself would. */
	async state(): Promise<AgentState> {
		const none = () => Promise.reject(new Error("the agent keeps nothing"));
		return (await StateStore.open(this.home, none)).current;
	}
	/** The owner's browser opens the link. */
	async claim(page: TestPage, link: string): Promise<void> {
		const secrets = parseEnrolmentFragment(new URL(link).hash.slice(1));
		const { signPublic: signKey, sealPublic: sealKey } = (await this.state()).identity;
		const { status } = await page.claim({ secrets, keys: { signKey, sealKey } } as unknown as TestAgent);
		if (status !== 200) throw new Error(`claiming the agent answered ${status}`);
		await this.program.line(/The agent is running/);
	}
}
