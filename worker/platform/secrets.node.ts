import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { completed, newSecrets, parseSecrets, publicOf, useSecrets, type WorkerSecrets } from "./secrets.ts";

function writePrivate(path: string, value: unknown, mode: number): void {
	const temporary = `${path}.${process.pid}.tmp`;
	writeFileSync(temporary, `${JSON.stringify(value, null, "\t")}\n`, { mode, flush: true });
	renameSync(temporary, path);
}

/**
 * Reads `<folder>/worker.json` (0600), or makes it. Beside it stand `relay-token-keys.json` and `relay-control-keys.json`:
 * the public halves as JWK sets, all that a relay needs. `made` is called when there were none.
 */
export async function openSecrets(folder: string, made: (path: string) => void = () => {}): Promise<WorkerSecrets> {
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	const path = join(folder, "worker.json");
	if (!existsSync(path)) {
		writePrivate(path, await newSecrets(), 0o600);
		made(path);
	}
	const found = parseSecrets(readFileSync(path, "utf8"), path);
	const kept = await completed(found);
	if (kept !== found) writePrivate(path, kept, 0o600);
	for (const [name, key] of Object.entries({
		"relay-token-keys": kept.tokenKey,
		"relay-control-keys": kept.controlKey,
	})) {
		writePrivate(join(folder, `${name}.json`), { keys: [publicOf(key)] }, 0o644);
	}
	return useSecrets(kept);
}
