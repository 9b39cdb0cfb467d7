import { open, readFile } from "node:fs/promises";
import { z } from "zod";
import type { LedgerEntry, LedgerFile } from "../rights/erasure.ts";

const Entry = z.strictObject({ accountHash: z.string(), erasedAt: z.number(), receipt: z.string() });

/**
 * The ledger of erasures as a file beside the database, one JSON line each: no part of the database's backups, so that a
 * restored one can be held against it. It names nobody.
 */
export const ledgerFile = (path: string): LedgerFile => ({
	append: async (entry) => {
		const file = await open(path, "a", 0o600);
		try {
			await file.appendFile(`${JSON.stringify(entry)}\n`);
			await file.sync();
		} finally {
			await file.close();
		}
	},
	read: async () => {
		const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
			if (error.code === "ENOENT") return "";
			throw error;
		});
		return text.split("\n").flatMap((line, at, lines): LedgerEntry[] => {
			if (line === "") return [];
			try {
				return [Entry.parse(JSON.parse(line))];
			} catch {
				// The last line may have been cut by the power; its erasure was not done then, and is still due.
				if (at >= lines.length - 2) return [];
				throw new Error(
					`${path}: line ${at + 1} cannot be read. Restore the file before starting: it keeps erased accounts erased.`,
				);
			}
		});
	},
});
