import { createHash, randomBytes } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The addon's copy cannot be made or trusted; the message says what to do. */
export class PrivateCopyError extends Error {
	override name = "PrivateCopyError";
}

export const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/**
 * Where copies are kept: `$XDG_CACHE_HOME/mivisus`, else the platform's place for one person's caches. Never a shared
 * folder of temporary files: whoever may write there could exchange the code between its check and its loading.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
	const ofPlatform =
		platform === "win32"
			? env["LOCALAPPDATA"] || join(homedir(), "AppData", "Local")
			: platform === "darwin"
				? join(homedir(), "Library", "Caches")
				: join(homedir(), ".cache");
	return join(env["XDG_CACHE_HOME"] || ofPlatform, "mivisus");
}

/** Code is loaded from here, so nobody else may write here. */
function privateFolder(path: string): void {
	try {
		mkdirSync(path, { recursive: true, mode: 0o700 });
	} catch (cause) {
		throw new PrivateCopyError(
			`the cache folder ${path} cannot be made; set XDG_CACHE_HOME to a folder that this user may write`,
			{ cause },
		);
	}
	const stat = lstatSync(path);
	// On Windows a folder inside the person's own profile has the profile's access list, and no owner number.
	if (!stat.isDirectory() || (process.getuid && stat.uid !== process.getuid())) {
		throw new PrivateCopyError(`${path} must be a folder of this user; remove it or set XDG_CACHE_HOME elsewhere`);
	}
	if (process.getuid && (stat.mode & 0o077) !== 0) chmodSync(path, 0o700);
}

function hasHash(path: string, hash: string): boolean {
	try {
		return lstatSync(path).isFile() && sha256(readFileSync(path)) === hash;
	} catch {
		return false;
	}
}

/**
 * Path of a file in `folder` whose content has the SHA-256 `hash` (hex): the one that is there, checked, or a new one
 * written atomically from what `make` returns. Its name is `name` with the start of the hash. Throws PrivateCopyError.
 */
export function privateCopy(
	name: string,
	hash: string,
	make: () => Uint8Array,
	folder: string = cacheFolder(),
): string {
	privateFolder(folder);
	const path = join(folder, `${name}-${hash.slice(0, 12)}.node`);
	if (hasHash(path, hash)) return path;
	const bytes = make();
	const temporary = `${path}.${randomBytes(6).toString("hex")}`;
	try {
		writeFileSync(temporary, bytes, { mode: 0o600, flag: "wx" });
		// Another process may do the same at the same time; both write the same bytes and the last rename wins.
		renameSync(temporary, path);
	} catch (cause) {
		rmSync(temporary, { force: true });
		throw new PrivateCopyError(`the copy of the HTTP/3 addon cannot be written to ${folder}`, { cause });
	}
	if (!hasHash(path, hash)) throw new PrivateCopyError(`${path} is not what was written; is the disk full or failing?`);
	return path;
}
