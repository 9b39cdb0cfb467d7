import { constants } from "node:fs";
import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import type { LedgerFile, LedgerLine } from "../rights/erasure.ts";

const Line = z.union([
	z.strictObject({ accountHash: z.string(), erasedAt: z.number(), receipt: z.string() }),
	z.strictObject({ accountHash: z.string(), leftAt: z.number() }),
	z.strictObject({ accountHash: z.string(), backAt: z.number() }),
]);
const written = (line: LedgerLine) => `${JSON.stringify(line)}\n`;

async function textOf(path: string): Promise<string | undefined> {
	return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return undefined;
		throw error;
	});
}
/** A file's name is safe only when its folder is on the disk, too. */
async function syncFolder(path: string): Promise<void> {
	const folder = await open(dirname(path), "r");
	await folder.sync().finally(() => folder.close());
}
/** Writes `text` at `at`, and cuts off whatever stands behind it: what a cut of the power left there, or this write itself. */
async function writeAt(path: string, at: number, text: string): Promise<void> {
	const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
	try {
		await file.truncate(at);
		await file.write(text, at);
		await file.sync();
	} catch (error) {
		await file.truncate(at).catch(() => {});
		throw error;
	} finally {
		await file.close();
	}
}

/**
 * The ledger of erasures as a file beside the database, one JSON line each: no part of the database's backups, so that a
 * restored one can be held against it. It names nobody.
 */
export function ledgerFile(path: string): LedgerFile {
	let turn: Promise<unknown> = Promise.resolve();
	/** One after the other: each looks at the end of the file first. */
	const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
		const done = turn.then(work, work);
		turn = done.catch(() => {});
		return done;
	};
	const read = async () => {
		const text = (await textOf(path)) ?? "";
		// What stands behind the last line's end was cut by the power; what it was to record was not done then.
		const whole = text.slice(0, text.lastIndexOf("\n") + 1);
		return whole.split("\n").flatMap((line, at): LedgerLine[] => {
			if (line === "") return [];
			try {
				return [Line.parse(JSON.parse(line))];
			} catch {
				throw new Error(
					`${path}: line ${at + 1} cannot be read. Restore the file before starting: it keeps erased accounts erased.`,
				);
			}
		});
	};
	return {
		append: (line) =>
			inTurn(async () => {
				const text = await textOf(path);
				const end = Buffer.byteLength((text ?? "").slice(0, (text ?? "").lastIndexOf("\n") + 1));
				await writeAt(path, end, written(line));
				if (text === undefined) await syncFolder(path);
			}),
		read: () => inTurn(read),
		keep: (isKept) =>
			inTurn(async () => {
				const lines = await read();
				const kept = lines.filter(isKept);
				if (kept.length === lines.length) return;
				const beside = `${path}.new`;
				await writeAt(beside, 0, kept.map(written).join(""));
				await rename(beside, path);
				await syncFolder(path);
			}),
	};
}
