import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { type Place, relayEnvironment, workerEnvironment, workerProgram } from "../../scripts/start/environment.ts";
import { Mailbox } from "../../scripts/start/mailbox.ts";
import { freePort, Program } from "../../scripts/start/programs.ts";
import { ROOT } from "../graph/imports.ts";
import { UdpMeter } from "./udp-meter.ts";

/** The whole system as its own processes, on free ports and in a temporary folder: what `npm start` runs, without a demo. */
export class System {
	readonly home: string;
	readonly origin: string;
	/** Everything that the programs wrote, for the search for secrets. */
	readonly output: string[] = [];
	worker!: Program;
	relay!: Program;
	agent: Program | undefined;
	/** What lies between the relay and everybody else. */
	readonly meter: UdpMeter;
	/** Where the worker's mails go. */
	readonly mailbox: Mailbox;
	#place: Place;

	private constructor(ports: Place["ports"], meter: UdpMeter, mailbox: Mailbox, frontPort: number, edge: boolean) {
		this.meter = meter;
		this.mailbox = mailbox;
		this.home = mkdtempSync(join(tmpdir(), "mivisus-e2e-"));
		this.origin = `http://localhost:${frontPort}`;
		this.#place = { home: this.home, origin: this.origin, ports, mail: mailbox, edge, relaySeenAt: meter.port };
	}
	/**
	 * `front`: starts what stands before the worker, given the worker's port; resolves with its own. `edge`: the worker runs
	 * in Cloudflare's runtime. `relayTcp`: everybody is told of the relay's path over TCP.
	 */
	static async start({
		front = async (workerPort: number) => workerPort,
		edge = false,
		relayTcp = false,
	} = {}): Promise<System> {
		const ports = {
			worker: await freePort("tcp"),
			relay: await freePort("udp"),
			...(relayTcp && { relayTcp: await freePort("tcp") }),
			control: await freePort("tcp"),
		};
		const [meter, mailbox] = [await UdpMeter.start(ports.relay), await Mailbox.start()];
		const system = new System(ports, meter, mailbox, await front(ports.worker), edge);
		await system.startWorker();
		await system.startRelay();
		return system;
	}
	async startWorker(): Promise<void> {
		const environment = workerEnvironment(this.#place);
		this.worker = this.#run("worker", workerProgram(this.#place), { ...environment, MIVISUS_LOG: "debug" });
		await this.worker.line(/worker is listening/);
	}
	async startRelay(): Promise<void> {
		const environment = relayEnvironment(this.#place);
		this.relay = this.#run("relay", "relay/main.ts", { ...environment, MIVISUS_RELAY_LOG: "debug" });
		await this.relay.line(/relay is listening/);
	}
	/** Starts the agent; where it is not linked yet, resolves with the link that it shows. */
	async startAgent(transport: "tcp" | "udp" | "auto" = "auto", folder = "agent"): Promise<string | undefined> {
		const home = join(this.home, folder);
		const args = ["run", "--origin", this.origin, "--home", home, "--name", "Test agent", "--transport", transport];
		const agent = this.#run("agent", "agent/main.ts", {}, args);
		this.agent = agent;
		const [found] = await agent.line(/https?:\/\/\S+\/enrol#\S+|The agent is running/);
		return found.startsWith("http") ? found : undefined;
	}
	/** Where the relay's control side answers. */
	get relayControl(): string {
		return `http://127.0.0.1:${this.#place.ports.control}`;
	}
	/** Has the relay change over to a new data plane; resolves when the old one is gone. */
	async renewRelay(): Promise<void> {
		const before = await this.relayPlanePid();
		const gone = new Promise<void>((resolve) => {
			const look = setInterval(() => {
				if (existsSync(`/proc/${before}`)) return;
				clearInterval(look);
				resolve();
			}, 50);
		});
		process.kill(this.relay.pid, "SIGHUP");
		await gone;
	}
	/** Process id of the relay's data plane, a child of its supervisor. */
	async relayPlanePid(): Promise<number> {
		const line = [...this.output].reverse().find((text) => text.includes("relay is listening"));
		return Number(/"pid":(\d+)/.exec(line ?? "")?.[1]);
	}
	async stop(): Promise<void> {
		await this.agent?.stop();
		await this.relay.stop();
		await this.worker.stop();
		this.meter.close();
		await this.mailbox.close();
		rmSync(this.home, { recursive: true, force: true });
	}
	#run(name: string, file: string, env: Record<string, string>, args: readonly string[] = []): Program {
		const program = new Program(name, join(ROOT, file), { args, env, cwd: ROOT });
		program.onLine((line) => this.output.push(`${name} | ${line}`));
		return program;
	}
}

/** Debian's Chromium, headless, with a fresh profile; it talks to nobody but our own programs. */
export function openChromium(...switches: string[]): Promise<Browser> {
	return chromium.launch({
		executablePath: "/usr/bin/chromium",
		args: [
			"--headless",
			"--no-sandbox",
			"--disable-gpu",
			"--no-first-run",
			"--disable-background-networking",
			"--disable-component-update",
			"--disable-sync",
			"--autoplay-policy=no-user-gesture-required",
			...switches,
		],
	});
}
