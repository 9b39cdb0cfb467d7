import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ledgerFile } from "./ledger.node.ts";

let folder: string;
let path: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "mivisus-ledger-"));
	path = join(folder, "erasures");
});
afterEach(() => rmSync(folder, { recursive: true }));

const entry = (n: number) => ({ accountHash: `hash-${n}`, erasedAt: n, receipt: `receipt-${n}` });
const line = (n: number) => `${JSON.stringify(entry(n))}\n`;

describe("D5: the ledger of erasures", () => {
	it("is its owner's only, and holds what was appended, however many append at once", async () => {
		const ledger = ledgerFile(path);
		expect(await ledger.read()).toEqual([]);
		await Promise.all([1, 2, 3, 4, 5].map((n) => ledger.append(entry(n))));
		await ledger.append({ accountHash: "left", leftAt: 6 });
		await ledger.append({ accountHash: "left", backAt: 7 });
		expect(await ledgerFile(path).read()).toEqual([
			...[1, 2, 3, 4, 5].map(entry),
			{ accountHash: "left", leftAt: 6 },
			{ accountHash: "left", backAt: 7 },
		]);
		expect(statSync(path).mode & 0o777).toBe(0o600);
	});
	it("an append that the power cut, wherever it did, takes nothing else with it: not the lines before, nor the next", async () => {
		for (let cut = 0; cut < line(2).length; cut++) {
			writeFileSync(path, line(1) + line(2).slice(0, cut));
			expect(await ledgerFile(path).read(), `cut at ${cut}`).toEqual([entry(1)]);
			await ledgerFile(path).append(entry(3));
			await ledgerFile(path).append(entry(4));
			expect(await ledgerFile(path).read(), `cut at ${cut}`).toEqual([1, 3, 4].map(entry));
		}
	});
	it("damage to a line that was whole stops the start, in words", async () => {
		for (const damaged of [`{"accountHash":1}\n${line(1)}`, `${line(1)}{}\n`, `${line(1)}x\n${line(2).slice(0, 9)}`]) {
			writeFileSync(path, damaged);
			await expect(ledgerFile(path).read(), damaged).rejects.toThrow(/line \d cannot be read\. Restore the file/);
		}
	});
	it("forgets what need not be kept, and nothing else", async () => {
		writeFileSync(path, line(1) + line(2) + line(3));
		appendFileSync(path, "cut");
		const ledger = ledgerFile(path);
		await ledger.keep(({ accountHash }) => accountHash !== "hash-2");
		expect(readFileSync(path, "utf8")).toBe(line(1) + line(3));
		await ledger.append(entry(4));
		expect(await ledger.read()).toEqual([1, 3, 4].map(entry));
	});
});
