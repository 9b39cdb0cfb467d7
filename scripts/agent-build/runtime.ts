import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { unpackTar } from "modern-tar";
import { BUN_VERSION, type Target } from "./targets.ts";

/**
 * Where Bun's crash handler sends reports: by itself on macOS and Windows, and it starts another program for that. The
 * agent speaks to nobody but its own service, so the address is replaced by one of the same length that leads nowhere.
 */
const REPORTS_TO = "https://bun.report";
const REPORTS_NOWHERE = "http://localhost:1";

/** The runtime with {@link REPORTS_TO} replaced. Throws unless it stands there exactly once, as it does in the pinned ones. */
export function silence(runtime: Buffer): Buffer {
	const at = runtime.indexOf(REPORTS_TO);
	if (at < 0 || runtime.indexOf(REPORTS_TO, at + 1) >= 0) {
		throw new Error("Bun's address for crash reports is not where it was; look again before using this version.");
	}
	const silent = Buffer.from(runtime);
	silent.write(REPORTS_NOWHERE, at, "latin1");
	return silent;
}

/** The bytes of an npm package at an exact version, checked against `integrity` (sha512, base64, as npm writes it). */
function fetchPackage(name: string, integrity: string, folder: string): Buffer {
	const { status, stderr } = spawnSync(
		"npm",
		["pack", `${name}@${BUN_VERSION}`, "--silent", "--pack-destination", "."],
		{
			cwd: folder,
			encoding: "utf8",
			shell: process.platform === "win32",
		},
	);
	if (status !== 0) throw new Error(`npm could not fetch ${name}@${BUN_VERSION}:\n${stderr}`);
	const archive = readFileSync(join(folder, `${name.replace("@", "").replace("/", "-")}-${BUN_VERSION}.tgz`));
	const got = `sha512-${createHash("sha512").update(archive).digest("base64")}`;
	if (got !== integrity)
		throw new Error(`${name}@${BUN_VERSION} is not the pinned one: expected ${integrity}, got ${got}`);
	return archive;
}

/**
 * Path of Bun for `target`, fetched from npm the first time (about 45 MB) and kept in `cache`. Not among the dependencies:
 * five of these would come along with every `npm ci` of people who never build the binary.
 */
export async function runtimeOf({ runtime: { name, integrity } }: Target, cache: string): Promise<string> {
	const path = join(cache, `${name.replace("@oven/", "")}-${BUN_VERSION}-silent`);
	if (existsSync(path)) return path;
	mkdirSync(cache, { recursive: true });
	const folder = mkdtempSync(join(cache, "new-"));
	try {
		const entries = await unpackTar(gunzipSync(fetchPackage(name, integrity, folder)));
		const program = entries.find(({ header }) => /^package\/bin\/bun(\.exe)?$/.test(header.name));
		if (!program?.data) throw new Error(`${name}@${BUN_VERSION} holds no bin/bun`);
		const whole = join(folder, "bun");
		writeFileSync(whole, silence(Buffer.from(program.data)), { mode: 0o755 });
		renameSync(whole, path);
	} finally {
		rmSync(folder, { recursive: true });
	}
	return path;
}
