/**
 * Runs inside of a network namespace, for `networks.ts`. `cameras`: each line on standard input is a device to begin.
 * `agent`: each line is a search to do. It ends with its standard input.
 */
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { CameraSource } from "@mivisus/agent/camera";
import { describe } from "@mivisus/agent/discovery/describe";
import { discover, type FoundCamera } from "@mivisus/agent/discovery/discover";
import { createRefinder } from "@mivisus/agent/discovery/refind";
import { type DeviceScript, OnvifDevice, probeMatch } from "./onvif.ts";
import { ScriptedCamera } from "./scripted.ts";

/** A device as it is told over a line; `behaviour` is one of {@link BEHAVIOURS}. */
export interface ToldDevice {
	addresses: string[];
	reference: string;
	name: string;
	/** XAddrs, if not its own address. */
	xaddrs?: string;
	behaviour?: keyof typeof BEHAVIOURS;
	/** It gives a picture, too. */
	rtsp?: boolean;
}

const BEHAVIOURS = {
	plain: undefined,
	/** Claims to be ten thousand devices at once. */
	flood: ({ id, own }) =>
		Array.from({ length: 10_000 }, () =>
			probeMatch({ id, reference: `urn:uuid:${randomUUID()}`, scopes: [], xaddrs: own }),
		),
} satisfies Record<string, DeviceScript["answers"]>;

const say = (message: unknown) => process.stdout.write(`${JSON.stringify(message)}\n`);
/** Time runs three times as fast as outside: a look takes five seconds. */
let speed = 3;
const after = (ms: number, callback: () => void) => {
	const timer = setTimeout(callback, ms / speed);
	return () => clearTimeout(timer);
};
const clock = { now: Date.now, after };
const { signal } = new AbortController();

async function begin({ addresses, reference, name, xaddrs, behaviour = "plain", rtsp }: ToldDevice): Promise<void> {
	if (rtsp)
		await ScriptedCamera.listen({ play: (peer) => peer.frames(peer.media.gop(3)) }, { host: addresses[0]!, port: 554 });
	const answers = BEHAVIOURS[behaviour];
	await OnvifDevice.listen({
		addresses,
		reference,
		probePort: 3702,
		httpPort: 80,
		scopes: [`onvif://www.onvif.org/name/${name}`],
		...(xaddrs === undefined ? {} : { xaddrs: () => xaddrs }),
		...(answers === undefined ? {} : { answers }),
	});
	say({ began: reference });
}

async function seek(): Promise<void> {
	for await (const found of discover({ signal, clock })) say({ found });
	say({ done: true, rssMiB: process.memoryUsage.rss() / 1024 / 1024 });
}

const refind = createRefinder({ clock });

function watch({ device, host }: { device: string; host: string }): void {
	const log = { info: () => {}, warn: () => {} };
	const access = { v: 1 as const, url: { scheme: "rtsp" as const, host, port: 554, path: "/" }, device };
	const relocate = (signal: AbortSignal) => refind(device, signal);
	const source = new CameraSource({ access, transport: "tcp", clock, log, relocate });
	source.start({ tracks: () => {}, unit: () => {}, state: ({ code }) => say({ state: code }) });
}
const roles: Record<string, (message: never) => Promise<void>> = {
	cameras: begin,
	agent: async (told: {
		device?: string;
		watch?: { device: string; host: string };
		describe?: FoundCamera;
		patient?: boolean;
	}) => {
		const { device } = told;
		// Time as it is: who answers has a lot to do first.
		if (told.patient) speed = 1;
		if (told.watch) watch(told.watch);
		else if (told.describe) say({ described: await describe(told.describe, {}, { signal, clock }) });
		else if (device === undefined) await seek();
		else say({ refound: (await refind(device, signal)) ?? null });
	},
};
const role = roles[process.argv[2] ?? ""];
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => void role?.(JSON.parse(line) as never));
lines.on("close", () => process.exit(0));
say({ ready: true });
