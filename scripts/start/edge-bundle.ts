import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CACHE = join(ROOT, "node_modules/.cache/mivisus-workers");
/** A bundle that nobody asked for lately is of an older state of the code, ms. */
const KEPT_MS = 3_600_000;
const toml = readFileSync(join(ROOT, "wrangler.toml"), "utf8");

/** What wrangler.toml says of the runtime. */
export const WRANGLER = {
	compatibilityDate: /^compatibility_date = "(.+)"$/m.exec(toml)?.[1] ?? "",
	compatibilityFlags: JSON.parse(/^compatibility_flags = (\[.*\])$/m.exec(toml)?.[1] ?? "[]") as string[],
};

function fingerprint(): string {
	const hash = createHash("sha256").update(toml);
	const walk = (folder: string) => {
		for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
			const path = join(folder, entry.name);
			if (entry.name === "node_modules" || entry.name === "testing" || entry.name.endsWith(".test.ts")) continue;
			if (entry.isDirectory()) walk(path);
			else hash.update(path).update(readFileSync(join(ROOT, path)));
		}
	};
	for (const room of ["wire", "worker"]) walk(room);
	return hash
		.update(readFileSync(join(ROOT, "package-lock.json")))
		.digest("hex")
		.slice(0, 20);
}

/** Bundles the worker as `wrangler deploy` would upload it; the path of the bundle. Made once for each state of the code. */
export function bundleWorker(): string {
	const folder = join(CACHE, fingerprint());
	const bundle = join(folder, "main.workers.js");
	if (existsSync(bundle)) return bundle;
	mkdirSync(CACHE, { recursive: true });
	for (const name of readdirSync(CACHE)) {
		const old = join(CACHE, name);
		if (statSync(old).mtimeMs + KEPT_MS < Date.now()) rmSync(old, { recursive: true, force: true });
	}
	const fresh = mkdtempSync(join(CACHE, "new-"));
	const { status, stdout, stderr } = spawnSync(
		process.execPath,
		// The page is no part of the bundle, and need not be built for it.
		[join(ROOT, "node_modules/wrangler/bin/wrangler.js"), "deploy", "--dry-run", "--outdir", fresh, "--assets", fresh],
		{
			cwd: ROOT,
			encoding: "utf8",
			env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true", CI: "1", NO_COLOR: "1" },
		},
	);
	if (status !== 0) throw new Error(`The worker could not be bundled:\n${stdout}${stderr}`);
	try {
		renameSync(fresh, folder);
	} catch {
		// Another process was quicker.
		rmSync(fresh, { recursive: true });
	}
	return bundle;
}
