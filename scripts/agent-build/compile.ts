import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { collectLicences } from "./licences.ts";
import { withoutSignature } from "./mach-o.ts";
import { runtimeOf } from "./runtime.ts";
import { hostTarget, programOf, type Target } from "./targets.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");
const CACHE = join(ROOT, "node_modules/.cache/mivisus-agent-build");
/** What stands in the bundle instead of this machine's path: some packages write down where they lay. */
const NOWHERE = "/mivisus";

/** Runs Bun in `folder` without anything from this person's settings: the same build everywhere. */
function bun(compiler: string, args: readonly string[], folder: string, home: string): void {
	const { status, stdout, stderr } = spawnSync(compiler, ["build", ...args], {
		cwd: folder,
		encoding: "utf8",
		env: { PATH: process.env["PATH"], HOME: home, DO_NOT_TRACK: "1", BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0" },
	});
	if (status !== 0) throw new Error(`Bun could not build the agent:\n${stdout}${stderr}`);
}

/** The agent as one script, and the licences of what is in it. */
function bundle(compiler: string, stage: string): { script: string; licences: string } {
	const [out, meta] = [join(stage, "bundle.js"), join(stage, "meta.json")];
	bun(
		compiler,
		[
			"agent/binary.ts",
			"--target=bun",
			"--minify-syntax",
			"--minify-whitespace",
			"--define",
			'process.env.NODE_ENV="production"',
			`--outfile=${out}`,
			`--metafile=${meta}`,
		],
		ROOT,
		stage,
	);
	const { inputs } = JSON.parse(readFileSync(meta, "utf8")) as { inputs: Record<string, unknown> };
	const here = JSON.stringify(ROOT).slice(1, -1);
	return {
		script: readFileSync(out, "utf8").replaceAll(here, NOWHERE),
		licences: collectLicences(ROOT, Object.keys(inputs)),
	};
}

/** What was built. */
export interface Built {
	/** Path of the program. */
	program: string;
	/** Text of all licences inside. */
	licences: string;
}

/**
 * Builds the agent for `target` as one file in `folder`. The same sources give the same bytes, wherever they lie. Throws
 * where npm or Bun fails, with their words.
 */
export async function compile(target: Target, folder: string): Promise<Built> {
	const compiler = await runtimeOf(hostTarget(), CACHE);
	const runtime = await runtimeOf(target, CACHE);
	const stage = mkdtempSync(join(CACHE, "stage-"));
	try {
		const { script, licences } = bundle(compiler, stage);
		const carried = join(stage, "carried");
		mkdirSync(carried);
		writeFileSync(join(stage, "agent.js"), script);
		writeFileSync(join(carried, "licences.txt"), licences);
		copyFileSync(join(ROOT, "node_modules/@moq/web-transport", target.addon), join(carried, "web-transport.node"));
		const addon = readFileSync(join(carried, "web-transport.node"));
		const manifest = { addonSha256: createHash("sha256").update(addon).digest("hex") };
		writeFileSync(join(carried, "manifest.json"), JSON.stringify(manifest));
		// Bun writes the name of the file into it, so the name is always the same.
		mkdirSync(folder, { recursive: true });
		const program = join(folder, programOf(target));
		bun(
			compiler,
			[
				// From here, because Bun writes the paths down as they are given.
				"agent.js",
				"--compile",
				`--target=${target.bun}`,
				`--compile-executable-path=${runtime}`,
				// Settings lie in the agent's folder, never in whatever folder it is started in.
				"--no-compile-autoload-dotenv",
				"--no-compile-autoload-bunfig",
				"--asset=carried",
				`--outfile=${resolve(program)}`,
			],
			stage,
			stage,
		);
		if (target.name === "darwin-x64") writeFileSync(program, withoutSignature(readFileSync(program)));
		return { program, licences };
	} finally {
		rmSync(stage, { recursive: true });
	}
}
