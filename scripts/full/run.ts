import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ROOMS = ["wire", "transport", "worker", "relay", "agent", "web", "test"];

/** The test files that play with chance, which import test/scale.ts, and those that break the machine. */
const candidates = (): string[] =>
	ROOMS.flatMap((room) =>
		readdirSync(join(ROOT, room), { recursive: true, encoding: "utf8" })
			.filter((path) => path.endsWith(".test.ts") && !path.includes("node_modules"))
			.map((path) => `${room}/${path.replaceAll("\\", "/")}`),
	).filter(
		(file) =>
			file.startsWith("test/fault/") || /from "[./]+\/(test\/)?scale\.ts"/.test(readFileSync(join(ROOT, file), "utf8")),
	);

/** Whether a test breaks the machine, or its parts while a picture runs. */
export const isFault = (file: string) => file.startsWith("test/fault/") || file.endsWith("/picture-back.test.ts");

/**
 * Runs those of them that `belongs` chooses with their full counts, ends with one line that sums up, and exits. Words after
 * `npm run NAME --` choose files whose path has one of them.
 */
export function runFull(name: string, belongs: (file: string) => boolean): never {
	const words = process.argv.slice(2);
	const files = candidates()
		.filter(belongs)
		.filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
	if (files.length === 0) {
		console.error(`${name}: no test file fits ${words.join(" ")}`);
		process.exit(2);
	}
	const seed = process.env["MIVISUS_SEED"] ?? String(Math.floor(Math.random() * 2 ** 31));
	const began = Date.now();
	// One file at a time: each of them loads the machine by itself. The long ones say for themselves how long they may take.
	const { status } = spawnSync("npx", ["--no-install", "vitest", "run", "--no-file-parallelism", ...files], {
		cwd: ROOT,
		stdio: "inherit",
		env: { ...process.env, MIVISUS_FULL: "1", MIVISUS_SEED: seed },
		shell: process.platform === "win32",
	});
	const word = status === 0 ? "passed" : "FAILED";
	console.log(
		`${name} ${word}: ${files.length} files in full, ${Math.round((Date.now() - began) / 1000)} s, MIVISUS_SEED=${seed}`,
	);
	process.exit(status ?? 1);
}
