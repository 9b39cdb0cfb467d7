import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { scaled, seeded, seedOf } from "../../test/scale.ts";
import { agentStore } from "./agents.ts";
import { cameraStore } from "./cameras.ts";
import { FileDatabase } from "./file-database.ts";
import { rightsStore } from "./rights.ts";
import { accountRow } from "./testing/rows.ts";

const NOW = Date.UTC(2026, 10, 26);
const nothing = () => {};
const pages = (folder: string) => FileDatabase.open(`file:${join(folder, "db")}`);

it("P6, 07.5, 02.4: however objections, restrictions and reports follow each other, nothing is written that is objected to, and all that is not", async () => {
	const folder = mkdtempSync(join(tmpdir(), "mivisus-objection-"));
	const database = await pages(folder);
	try {
		const account = { ...accountRow("a", "account"), state: "active" as const };
		await database.write(async (db) => {
			await db.insertInto("accounts").values(account).execute();
			const agent = { id: "agent", account_id: "account", name: "n", sign_key: "s", seal_key: "e" };
			await db
				.insertInto("agents")
				.values({ ...agent, state: "active", created_at: 1, last_seen_day: null })
				.execute();
			const camera = { id: "camera", account_id: "account", agent_id: "agent", name: "n" };
			const address = { scheme: "rtsp" as const, host: "h", port: 554, path: "/" };
			await db
				.insertInto("cameras")
				.values({ ...camera, ...address, sound: 0, created_at: 1 })
				.execute();
		});
		const rights = rightsStore(database, nothing, nothing);
		const cameras = cameraStore(database, nothing);
		const agents = agentStore(database, nothing, nothing);
		const random = seeded(seedOf("P6"));
		let [objected, restricted, events, seen, number, written] = [false, false, 0, null as string | null, 0, 0];
		const done = (kind: "objection" | "restriction") => {
			number += 1;
			return { number: `number-${number}`, kind, at: NOW, dueAt: NOW, evidence: "at once" };
		};
		const posting = (letter: "restricted" | "unrestricted") => {
			const to = { accountId: "account", recipient: "a", recipientKey: "a", language: "en" as const };
			return { id: `mail-${number}`, letter, ...to, askedAt: NOW };
		};
		for (let i = 0; i < scaled(300, 5_000); i++) {
			const dice = random();
			if (dice < 0.1) {
				expect(await rights.object("account", `objection-${i}`, "reliability", done("objection"))).toBe(!objected);
				if (!objected) [events, seen] = [0, null];
				objected = true;
			} else if (dice < 0.2) {
				expect(await rights.withdrawObjection("account", "reliability")).toBe(objected);
				objected = false;
			} else if (dice < 0.25) {
				const change = restricted
					? rights.lift("account", done("restriction"), posting("unrestricted"))
					: rights.restrict("account", 0, done("restriction"), posting("restricted"));
				expect(await change).toBe(true);
				restricted = !restricted;
			} else if (dice < 0.6) {
				const day = `2026-11-${10 + Math.floor(random() * 20)}`;
				await agents.touch("agent", day);
				if (!objected && !restricted) seen = day;
			} else {
				const reported = Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
					camera: "camera",
					at: NOW + i,
					status: "live" as const,
				}));
				await cameras.streamed("account", "agent", reported, { since: 0, max: Number.MAX_SAFE_INTEGER });
				if (!objected && !restricted) [events, written] = [events + reported.length, written + 1];
			}
			const { count } = await database.read
				.selectFrom("stream_events")
				.select((e) => e.fn.countAll<number>().as("count"))
				.executeTakeFirstOrThrow();
			const { last_seen_day } = await database.read
				.selectFrom("agents")
				.select("last_seen_day")
				.executeTakeFirstOrThrow();
			expect({ count, seen: last_seen_day }, `step ${i}`).toEqual({ count: events, seen });
		}
		expect(written).toBeGreaterThan(10);
	} finally {
		await database.close();
		rmSync(folder, { recursive: true });
	}
}, 600_000);
