/**
 * `npm run bench -- NAME`: runs one benchmark and prints one JSON object as its last line, with the machine and the sample
 * count. Figures are read by people and compared as ratios; no test asserts them. Exit status 1 where what a benchmark needs to
 * mean anything did not hold.
 */
import { cpus, release, totalmem } from "node:os";
import { agent } from "./agent.ts";
import { api } from "./api.ts";
import { equalAnswers } from "./equal-answers.ts";
import { exportCopy } from "./export.ts";
import { fanout } from "./fanout.ts";
import { Failed, type Figures } from "./figures.ts";
import { firstPicture } from "./first-picture.ts";
import { join } from "./join.ts";

const BENCHMARKS: Record<string, () => Promise<Figures>> = {
	agent,
	api,
	"equal-answers": equalAnswers,
	export: exportCopy,
	fanout,
	"first-picture": firstPicture,
	join,
};

const name = process.argv[2] ?? "";
const run = BENCHMARKS[name];
if (!run) {
	console.error(`There is no benchmark "${name}". Known: ${Object.keys(BENCHMARKS).join(", ")}`);
	process.exit(2);
}
let failed = false;
const figures = await run().catch((error) => {
	if (!(error instanceof Failed)) throw error;
	failed = true;
	console.error(`${name} failed:\n${error.message}`);
	return error.figures;
});
const machine = {
	cores: cpus().length,
	cpu: cpus()[0]?.model ?? "",
	memoryGiB: Math.round(totalmem() / 2 ** 30),
	kernel: release(),
	node: process.version,
};
console.log(JSON.stringify({ bench: name, ...figures, machine }));
process.exit(failed ? 1 : 0);
