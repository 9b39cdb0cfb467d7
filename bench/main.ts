/**
 * `npm run bench -- NAME`: runs one benchmark and prints one JSON object as its last line, with the machine and the sample
 * count. Figures are read by people and compared as ratios; no test asserts them.
 */
import { cpus, release, totalmem } from "node:os";
import { agent } from "./agent.ts";
import { api } from "./api.ts";
import { equalAnswers } from "./equal-answers.ts";
import { exportCopy } from "./export.ts";
import type { Figures } from "./figures.ts";
import { firstPicture } from "./first-picture.ts";

const BENCHMARKS: Record<string, () => Promise<Figures>> = {
	agent,
	api,
	"equal-answers": equalAnswers,
	export: exportCopy,
	"first-picture": firstPicture,
};

const name = process.argv[2] ?? "";
const run = BENCHMARKS[name];
if (!run) {
	console.error(`There is no benchmark "${name}". Known: ${Object.keys(BENCHMARKS).join(", ")}`);
	process.exit(2);
}
const figures = await run();
const machine = {
	cores: cpus().length,
	cpu: cpus()[0]?.model ?? "",
	memoryGiB: Math.round(totalmem() / 2 ** 30),
	kernel: release(),
	node: process.version,
};
console.log(JSON.stringify({ bench: name, ...figures, machine }));
process.exit(0);
