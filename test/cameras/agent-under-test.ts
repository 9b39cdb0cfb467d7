/**
 * Camera sources in a process of their own, so that a crash, memory and started processes are theirs alone. Takes lines of
 * JSON on standard input, {@link Order}; writes lines of JSON, {@link Report}; ends with its input.
 */
import diagnostics from "node:diagnostics_channel";
import { createInterface } from "node:readline";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { cameraSource } from "@mivisus/agent/camera";
import type { CameraAccess } from "@mivisus/wire/signed";

export type Order =
	| { do: "start"; id: string; access: CameraAccess; transport: "auto" | "tcp" | "udp" }
	| { do: "stop"; id: string }
	/** Asks for what the process holds after a collection. */
	| { do: "weigh" };
export type Report =
	/** What the owner is told; `ms` since the start of that camera. */
	| { id: string; ms: number; state: string; detail: string }
	| { id: string; ms: number; picture: true }
	| { id: string; stopped: true }
	/** `heldBytes` after a collection; the rest since the last weighing, `mostBytes` at its most. */
	| { heldBytes: number; mostBytes: number; blockedMs: number; processes: number };

const TICK_MS = 50;
setFlagsFromString("--expose_gc");
const collect = runInNewContext("gc") as () => void;
const say = (report: Report) => process.stdout.write(`${JSON.stringify(report)}\n`);
const held = () => {
	const { heapUsed, external } = process.memoryUsage();
	return heapUsed + external;
};

let processes = 0;
diagnostics.subscribe("child_process", () => {
	processes += 1;
});
let mostBytes = 0;
let blockedMs = 0;
let lastMs = performance.now();
setInterval(() => {
	mostBytes = Math.max(mostBytes, held());
	const nowMs = performance.now();
	blockedMs = Math.max(blockedMs, nowMs - lastMs - TICK_MS);
	lastMs = nowMs;
}, TICK_MS);

const sources = new Map<string, ReturnType<typeof cameraSource>>();
const orders: { [Kind in Order["do"]]: (order: Extract<Order, { do: Kind }>) => unknown } = {
	start: ({ id, access, transport }) => {
		const begunMs = performance.now();
		const ms = () => Math.round(performance.now() - begunMs);
		const source = cameraSource(access, transport, { info: () => {}, warn: () => {} });
		sources.set(id, source);
		source.start({
			tracks: () => {},
			unit: (kind) => kind === "video" && say({ id, ms: ms(), picture: true }),
			state: ({ code, detail = "" }) => say({ id, ms: ms(), state: code, detail }),
		});
	},
	stop: async ({ id }) => {
		await sources.get(id)?.stop();
		sources.delete(id);
		say({ id, stopped: true });
	},
	weigh: () => {
		collect();
		say({ heldBytes: held(), mostBytes, blockedMs: Math.round(blockedMs), processes });
		[mostBytes, blockedMs] = [0, 0];
	},
};
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
	const order = JSON.parse(line) as Order;
	(orders[order.do] as (order: Order) => unknown)(order);
});
lines.on("close", () => process.exit(0));
