import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Why networks of our own cannot be made here, in words; undefined where they can. */
export const noNetworks: string | undefined =
	process.platform !== "linux"
		? "network namespaces exist on Linux only"
		: spawnSync("unshare", ["--net", "ip", "link"], { stdio: "ignore" }).status !== 0
			? "making network namespaces takes root, unshare and ip"
			: undefined;

const PROGRAM = fileURLToPath(new URL("onvif-house.ts", import.meta.url));

/** A process in a network namespace of its own, which ends with it. It speaks lines of JSON. */
export class House {
	readonly said: Record<string, unknown>[] = [];
	#child: ChildProcess;
	#waiting: (() => void)[] = [];

	static async start(role: "cameras" | "agent"): Promise<House> {
		const house = new House(role);
		await house.until((said) => said.some(({ ready }) => ready === true));
		return house;
	}
	private constructor(role: string) {
		const node = [process.execPath, "--import", "tsx", PROGRAM, role];
		this.#child = spawn("unshare", ["--net", ...node], { stdio: ["pipe", "pipe", "inherit"] });
		createInterface({ input: this.#child.stdout! }).on("line", (line) => {
			this.said.push(JSON.parse(line));
			for (const resolve of this.#waiting.splice(0)) resolve();
		});
		this.#child.on("close", () => {
			this.said.push({ closed: true });
			for (const resolve of this.#waiting.splice(0)) resolve();
		});
	}
	get pid(): number {
		return this.#child.pid!;
	}
	tell(message: unknown): void {
		this.#child.stdin!.write(`${JSON.stringify(message)}\n`);
	}
	/** Resolves when `condition` holds; rejects when the process ended before. */
	async until(condition: (said: Record<string, unknown>[]) => boolean): Promise<void> {
		while (!condition(this.said)) {
			if (this.said.some(({ closed }) => closed)) throw new Error("the process in its own network ended");
			await new Promise<void>((resolve) => this.#waiting.push(resolve));
		}
	}
	/** Sets this side of a network up: an address, and an IPv6 link-local one that needs no waiting time. */
	address(network: string, ipv4: string | undefined, ipv6: string): void {
		const run = (...args: string[]) => sh("nsenter", "-t", String(this.pid), "-n", "ip", ...args);
		run("link", "set", network, "addrgenmode", "none", "up");
		if (ipv4) run("address", "add", `${ipv4}/24`, "dev", network);
		run("address", "add", `${ipv6}/64`, "dev", network, "nodad");
	}
	/** Takes an address away, as a router does that gives another one. */
	forget(network: string, ipv4: string): void {
		sh("nsenter", "-t", String(this.pid), "-n", "ip", "address", "delete", `${ipv4}/24`, "dev", network);
	}
	async stop(): Promise<void> {
		if (this.#child.exitCode !== null) return;
		const closed = once(this.#child, "close");
		this.#child.stdin!.end();
		await closed;
	}
}

/** Lays a cable between two houses; both ends are called `network`. */
export function cable(a: House, b: House, network: string): void {
	sh("ip", "link", "add", network, "netns", String(a.pid), "type", "veth", "peer", network, "netns", String(b.pid));
}
/** Takes it away again. */
export function cut(house: House, network: string): void {
	sh("nsenter", "-t", String(house.pid), "-n", "ip", "link", "delete", network);
}

function sh(program: string, ...args: string[]): void {
	const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
	if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
}
