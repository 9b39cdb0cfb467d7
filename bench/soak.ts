/**
 * `npm run soak -- agent [--minutes N]`: the agent on Node with 8 cameras of 4 Mbit/s, each watched, for a long time. Prints the
 * slope of its resident memory after forced collections with its 95 % confidence interval, as one JSON object at the end.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { ROOT } from "../test/graph/imports.ts";
import { Rig } from "./agent-rig.ts";
import { slopeOf } from "./slope.ts";
import { usage } from "./usage.ts";

const CAMERAS = 8;
const EVERY_MS = 15_000;
/** Before the run, until caches are full and code is compiled: resident memory was seen to settle in the eighth minute. */
const WARM_UP_MINUTES = 10;
/** A shorter run says nothing. */
const LEAST_MINUTES = 5;

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
const { values, positionals } = parseArgs({ allowPositionals: true, options: { minutes: { type: "string" } } });
const minutes = z.coerce
	.number()
	.min(LEAST_MINUTES)
	.safeParse(values.minutes ?? 30);
if (positionals.join() !== "agent" || !minutes.success) {
	console.error(
		`Usage: npm run soak -- agent [--minutes N]   (N: at least ${LEAST_MINUTES}, after ${WARM_UP_MINUTES} to settle)`,
	);
	process.exit(2);
}
const rig = await Rig.start();
try {
	const collects = join(ROOT, "bench/collects-on-signal.ts");
	const agent = await rig.agent({
		name: "node",
		command: [process.execPath, "--expose-gc", "--import", "tsx", "--import", collects],
		file: join(ROOT, "agent/main.ts"),
	});
	let heard = () => {};
	agent.program.onLine((line) => {
		if (line === "collected") heard();
	});
	const collected = () =>
		new Promise<void>((resolve) => {
			heard = resolve;
			process.kill(agent.program.pid, "SIGUSR2");
		});
	await rig.cameras(agent, CAMERAS);
	const watching = await rig.watch(agent.cameras);
	const begun = performance.now();
	const [hours, rssMiB]: [number[], number[]] = [[], []];
	while (performance.now() - begun < (WARM_UP_MINUTES + minutes.data) * 60_000) {
		await pause(EVERY_MS);
		await collected();
		const hour = (performance.now() - begun) / 3_600_000;
		const { rssMiB: now } = usage(agent.program.pid);
		process.stderr.write(`${(hour * 60).toFixed(1)} min: ${now.toFixed(1)} MiB, ${watching.frames} pictures\n`);
		if (hour * 60 < WARM_UP_MINUTES) continue;
		hours.push(hour);
		rssMiB.push(now);
	}
	const { perHour, halfWidth } = slopeOf(hours, rssMiB);
	const elapsedS = (performance.now() - begun) / 1000;
	const round = (value: number) => Number(value.toFixed(2));
	console.log(
		JSON.stringify({
			soak: "agent",
			cameras: CAMERAS,
			minutes: minutes.data,
			samples: hours.length,
			rssMiB: round(rssMiB.at(-1) ?? 0),
			rssMiBPerHour: round(perHour),
			confidence95: [round(perHour - halfWidth), round(perHour + halfWidth)],
			picturesPerS: round(watching.frames / elapsedS / CAMERAS),
		}),
	);
	watching.close();
} finally {
	await rig.stop();
}
process.exit(0);
