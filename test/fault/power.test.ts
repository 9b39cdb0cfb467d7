import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { checkDatabase } from "../../worker/store/check.ts";
import { FileDatabase } from "../../worker/store/file-database.ts";
import { scaled, seeded, seedOf } from "../scale.ts";
import { Disk, laid } from "./disk.ts";
import { found, standing } from "./history.ts";
import { type Deed, traced } from "./trace.ts";

const WRITE_HISTORY = fileURLToPath(new URL("write-history.ts", import.meta.url));
const NOW = Date.UTC(2026, 10, 26);
const ROUNDS = scaled(60, 1000);
/** Enough that the log is copied into the file by itself, too. */
const TRANSACTIONS = scaled(130, 600);

/** What the really running store did to its files, with its acknowledgements in between. */
async function record(how: "store" | "careless"): Promise<Deed[]> {
	const folder = mkdtempSync(join(tmpdir(), "mivisus-power-"));
	try {
		return await traced(WRITE_HISTORY, [folder, String(TRANSACTIONS), how], folder);
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/** What is wrong with a store that starts over these files when `promised` transactions were acknowledged. */
async function wrongWith(files: Readonly<Record<string, Buffer>>, promised: number): Promise<string | undefined> {
	const folder = laid(files);
	const file = join(folder, "db");
	try {
		const database = await FileDatabase.open(`file:${file}`);
		const there = (await found(database.read)).join();
		await database.close();
		const findings = await checkDatabase(file, NOW);
		if (findings.length > 0) return `not sound: ${findings.map(({ says }) => says).join("; ")}`;
		// The one that was under way may have come through, whole.
		if (there === standing(promised).join() || there === standing(promised + 1).join()) return undefined;
		return `${promised} were promised, but there is ${there}`;
	} catch (error) {
		return `cannot be opened: ${(error as Error).message}`;
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/** Cuts the power at moments chosen by `random`; resolves with each that ended badly. */
async function cutPower(deeds: readonly Deed[], random: () => number): Promise<string[]> {
	const moments = Array.from({ length: ROUNDS }, () => Math.floor(random() * (deeds.length + 1))).sort((a, b) => a - b);
	const disk = new Disk();
	const bad: string[] = [];
	let promised = 0;
	for (let moment = 0, next = 0; next < moments.length; moment++) {
		for (; moments[next] === moment; next++) {
			const wrong = await wrongWith(disk.crash(random), promised);
			if (wrong) bad.push(`after ${moment} of ${deeds.length} deeds: ${wrong}`);
		}
		const deed = deeds[moment];
		if (deed) disk.do(deed);
		if (deed?.kind === "say") promised = Number(deed.text);
	}
	return bad;
}

it(
	`D1: ${ROUNDS} power cuts lose no acknowledged write and leave nothing by half`,
	async () => {
		const random = seeded(seedOf("D1, power"));
		const deeds = await record("store");
		expect(deeds.filter(({ kind }) => kind === "say")).toHaveLength(TRANSACTIONS);
		expect(deeds.filter(({ kind }) => kind === "sync").length).toBeGreaterThan(TRANSACTIONS);
		expect(await cutPower(deeds, random)).toEqual([]);
	},
	scaled(60_000, 1_800_000),
);
it(
	"D1: the same cuts do lose writes of a store that does not wait for the disk",
	async () => {
		const deeds = await record("careless");
		const bad = await cutPower(deeds, seeded(seedOf("D1, careless")));
		expect(bad.filter((each) => each.includes("were promised, but")).length).toBeGreaterThan(ROUNDS / 10);
	},
	scaled(60_000, 1_800_000),
);
it(
	"D1: a sync that the disk only pretended would be noticed as well",
	async () => {
		const logSync = (deed: Deed) => deed.kind === "sync" && deed.file === "db-wal";
		const deeds = (await record("store")).filter((deed) => !logSync(deed));
		const bad = await cutPower(deeds, seeded(seedOf("D1, pretended")));
		expect(bad.length).toBeGreaterThan(ROUNDS / 10);
	},
	scaled(60_000, 1_800_000),
);
