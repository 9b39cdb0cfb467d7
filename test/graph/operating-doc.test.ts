import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MAX_SESSIONS, VIEWER_WINDOW_BYTES } from "../../relay/limits.ts";
import { planMemory, sessionCost } from "../../relay/memory.ts";
import { Meter } from "../../relay/meter.ts";
import { Metrics } from "../../relay/metrics.ts";
import { ROOT } from "./imports.ts";

const page = readFileSync(join(ROOT, "docs/guide/operating.md"), "utf8");
const zero = () => 0;

describe("docs/guide/operating.md", () => {
	it("lists exactly the metrics that there are, with their labels and what they are", async () => {
		const metrics = new Metrics(new Meter(), {
			queuedBytes: zero,
			cachedBytes: zero,
			arrivingBytes: zero,
			broadcasts: zero,
			revocations: zero,
			ceilingBytes: 0,
		});
		const text = await metrics.text();
		metrics.close();
		const expected = [...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name, help]) => {
			const label = new RegExp(`^${name}(?:_bucket)?\\{(\\w+)=`, "m").exec(text)?.[1];
			return `| \`${name}\` | ${label ? `\`${label}\` ` : ""}| ${help} |`;
		});
		expect(expected.length).toBeGreaterThan(20);
		const listed = page.split("\n").filter((line) => line.startsWith("| `mivisus_relay_"));
		expect(listed.sort()).toEqual(expected.sort());
	});
	it("tells only of metrics and reasons that there are in what to be woken by", () => {
		const meter = new Meter();
		const reasons = [meter.refused, meter.sessionsEnded, meter.groupsDropped].flatMap((counts) => Object.keys(counts));
		const named = [...page.matchAll(/(\w+_total)\{reason="([^"]+)"\}/g)];
		expect(named.length).toBeGreaterThan(5);
		for (const [, name, reason] of named) {
			expect(page).toContain(`| \`mivisus_relay_${name}\``);
			expect(reasons).toContain(reason);
		}
	});
	it("has the arithmetic of the code", () => {
		const rows = ["sessionBytes", "cachedBytes", "queuedBytes", "arrivingBytes"] as const;
		const [least, usual] = [planMemory(512), planMemory(2048)];
		const table = page.split("\n").filter((line) => /^\| .* \d+ \| \d+ \| [a-z]/.test(line));
		expect(table).toHaveLength(rows.length);
		for (const [at, part] of rows.entries()) {
			const cells = table[at]!.split(" | ").slice(1, 3).map(Number);
			expect(cells).toEqual([least[part], usual[part]].map((bytes) => Math.round(bytes / 2 ** 20)));
		}
		const viewers = Math.floor(least.sessionBytes / sessionCost(VIEWER_WINDOW_BYTES));
		expect(page).toContain(`512 MiB hold ${viewers} viewers, and 2048 MiB the ${MAX_SESSIONS} sessions`);
	});
});
