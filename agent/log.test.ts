import { expect, it } from "vitest";
import { MAX_LOG_LINE, MAX_LOG_LINES } from "./limits.ts";
import { LogLines } from "./log.ts";

const line = (fields: object) => JSON.stringify({ level: 30, time: 5, ...fields });

it("keeps the newest lines, as words that a page may show", () => {
	const lines = new LogLines();
	lines.push(line({ level: 40, state: "camera-refused", msg: "The camera refused \u001b[31mit." }));
	expect(lines.all).toEqual([{ atMs: 5, level: "warn", text: "The camera refused  [31mit. (state: camera-refused)" }]);
	for (let i = 1; i < MAX_LOG_LINES; i++) lines.push(line({ msg: String(i) }));
	expect(lines.all).toHaveLength(MAX_LOG_LINES);
	expect(lines.all[0]?.level).toBe("warn");
	lines.push(line({ msg: "x".repeat(2 * MAX_LOG_LINE) }));
	expect(lines.all).toHaveLength(MAX_LOG_LINES);
	expect(lines.all[0]?.text).toBe("1");
	expect(lines.all.at(-1)?.text).toHaveLength(MAX_LOG_LINE);
});
