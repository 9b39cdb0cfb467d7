import { execFileSync, spawnSync } from "node:child_process";

const ip = (...args: string[]) => execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });

/** Whether this machine lets a test make network namespaces: root on Linux, with iproute2. */
export const hasNamespaces = (): boolean => {
	if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
	const name = `mivisus-try-${process.pid}`;
	if (spawnSync("ip", ["netns", "add", name], { stdio: "ignore" }).status !== 0) return false;
	spawnSync("ip", ["netns", "del", name], { stdio: "ignore" });
	return true;
};

/** Two network namespaces joined by one cable, without a way to anywhere else. The owner removes them. */
export class Cable {
	readonly agent = `mivisus-a-${process.pid}`;
	readonly camera = `mivisus-c-${process.pid}`;
	/** Of the camera's end. */
	readonly address = "10.203.77.2";

	constructor() {
		for (const name of [this.agent, this.camera]) {
			ip("netns", "add", name);
			ip("-n", name, "link", "set", "lo", "up");
		}
		ip("-n", this.agent, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", this.camera);
		ip("-n", this.agent, "addr", "add", "10.203.77.1/24", "dev", "cable");
		ip("-n", this.camera, "addr", "add", `${this.address}/24`, "dev", "cable");
		// What a program leaves unsaid is not said for minutes after it.
		const retries = "/proc/sys/net/ipv4/tcp_orphan_retries";
		execFileSync("ip", ["netns", "exec", this.camera, "sh", "-c", `echo 1 > ${retries}`]);
		this.join();
		ip("-n", this.agent, "link", "set", "cable", "up");
	}
	/** What runs a command at one end. */
	at(end: "agent" | "camera"): string[] {
		return ["ip", "netns", "exec", this[end]];
	}
	/** Takes the camera's end out: nobody is told, packets vanish. */
	pull(): void {
		ip("-n", this.camera, "link", "set", "cable", "down");
	}
	join(): void {
		ip("-n", this.camera, "link", "set", "cable", "up");
	}
	/** Resolves when the camera's end has given up the connections of programs that ended, as after a power cut. */
	async forget(): Promise<void> {
		const connections = () =>
			execFileSync("ip", ["netns", "exec", this.camera, "cat", "/proc/net/tcp"], { encoding: "utf8" })
				.split("\n")
				.slice(1)
				.filter((line) => line.trim() !== "");
		while (connections().length > 0) await new Promise((resolve) => setTimeout(resolve, 100));
	}
	remove(): void {
		for (const name of [this.agent, this.camera]) spawnSync("ip", ["netns", "del", name], { stdio: "ignore" });
	}
}
