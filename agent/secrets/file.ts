import { randomBytes } from "node:crypto";
import {
	closeSync,
	fchownSync,
	fsyncSync,
	mkdirSync,
	openSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { z } from "zod";
import { MAX_FILE_BYTES } from "../limits.ts";

/**
 * One JSON file that only its owner can read (0600 in a 0700 folder). A write replaces it whole: new file, fsync, rename,
 * fsync of the folder, so a crash leaves the old or the new content and never a half. Callers may act on what they
 * wrote as soon as `write` returns (stored command counters rest on this).
 */
export class PrivateFile<T> {
	readonly path: string;
	#schema: z.ZodType<T>;

	constructor(path: string, schema: z.ZodType<T>) {
		this.path = path;
		this.#schema = schema;
	}
	/** The content, or `undefined` when there is no file. Throws in words when it is damaged; it is never overwritten then. */
	read(): T | undefined {
		let text: string;
		try {
			if (statSync(this.path).size > MAX_FILE_BYTES) throw new Error(`larger than ${MAX_FILE_BYTES} bytes`);
			text = readFileSync(this.path, "utf8");
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
			throw new Error(`${this.path} cannot be read: ${(error as Error).message}`);
		}
		let json: unknown;
		try {
			json = JSON.parse(text);
		} catch {
			throw new Error(`${this.path} is damaged (not JSON). Restore it from a backup, or move it away to start anew.`);
		}
		const parsed = this.#schema.safeParse(json);
		// The content is secret: name the field that is wrong, never its value.
		if (!parsed.success) {
			const fields = parsed.error.issues.map((issue) => issue.path.join(".") || "(root)").join(", ");
			throw new Error(`${this.path} is damaged (${fields}). Restore it from a backup, or move it away to start anew.`);
		}
		return parsed.data;
	}
	write(value: T): void {
		const text = JSON.stringify(value);
		if (Buffer.byteLength(text) > MAX_FILE_BYTES)
			throw new Error(`${this.path} would be larger than ${MAX_FILE_BYTES} bytes, and not be read again.`);
		const folder = dirname(this.path);
		mkdirSync(folder, { recursive: true, mode: 0o700 });
		const temporary = join(folder, `.${randomBytes(8).toString("hex")}.tmp`);
		try {
			const file = openSync(temporary, "wx", 0o600);
			try {
				// Root on the command line must not take the file away from the service, whose folder it is.
				if (process.getuid?.() === 0) {
					const { uid, gid } = statSync(folder);
					fchownSync(file, uid, gid);
				}
				// Not `writeSync`: on a full disk that one writes a part and says nothing.
				writeFileSync(file, text);
				fsyncSync(file);
			} finally {
				closeSync(file);
			}
			renameSync(temporary, this.path);
		} catch (error) {
			rmSync(temporary, { force: true });
			throw error;
		}
		// Windows cannot open a folder for fsync; NTFS journals the rename itself.
		if (process.platform !== "win32") {
			const directory = openSync(folder, "r");
			try {
				fsyncSync(directory);
			} finally {
				closeSync(directory);
			}
		}
	}
}
