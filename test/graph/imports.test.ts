import { describe, expect, it } from "vitest";
import { findCycle, importsOf, linesOf, ROOMS, sourcesOf } from "./imports.ts";

/** Which rooms a room may import, besides itself. */
const MAY_IMPORT: Record<string, readonly string[]> = {
	wire: [],
	transport: ["wire"],
	worker: ["wire"],
	relay: ["wire", "transport"],
	agent: ["wire", "transport"],
	web: ["wire", "transport"],
};
/** Layers inside the worker: what a room of it (accounts, cameras …) must never import. */
const WORKER_JOINERS = /^worker\/(main\.|assemble\.ts|jobs\.ts|app\.ts|http\/|store\/|platform\/|openapi)/;
const WORKER_ROOM_FORBIDDEN = /^(hono|@hono\/|kysely|@libsql\/|node:)/;

/** What only tests use may stand on the equipment that `npm start` uses as well. */
const isForTests = (file: string) => file.includes("/testing/");

const all = ROOMS.flatMap(sourcesOf);
const roomOf = (file: string) => file.split("/")[0] ?? "";

/** `files` and all that they stand on. */
function reachedFrom(files: readonly string[]): Set<string> {
	const seen = new Set<string>();
	const queue = [...files];
	for (let file = queue.pop(); file; file = queue.pop()) {
		if (seen.has(file)) continue;
		seen.add(file);
		queue.push(...importsOf(file).files.filter((target) => all.includes(target)));
	}
	return seen;
}

describe("the import graph", () => {
	it("sees the tree: every room that has been begun has files and edges", () => {
		expect(all.length).toBeGreaterThan(8);
		expect(importsOf("wire/moq/group.ts").files).toContain("wire/moq/bytes.ts");
	});

	it("programs meet in wire and transport, and never import each other", () => {
		const forbidden = all.flatMap((file) =>
			importsOf(file)
				.files.filter(
					(target) =>
						roomOf(target) !== roomOf(file) &&
						!MAY_IMPORT[roomOf(file)]?.includes(roomOf(target)) &&
						!(isForTests(file) && roomOf(target) === "scripts"),
				)
				.map((target) => `${file} -> ${target}`),
		);
		expect(forbidden).toEqual([]);
	});

	it("wire imports no packages but its schema, token, sealing and archive libraries", () => {
		const packages = new Set(sourcesOf("wire").flatMap((file) => importsOf(file).packages));
		for (const name of packages) expect(name).toMatch(/^(zod|jose|@hpke\/core|@hpke\/dhkem-x25519|@zip.js\/zip.js)$/);
	});

	it("what reaches the page or the agent never imports @fails-components/webtransport (decision 0017)", () => {
		const seen = reachedFrom([...sourcesOf("web"), ...sourcesOf("agent")]);
		expect(seen.size).toBeGreaterThan(100);
		expect([...seen].filter((file) => file.startsWith("transport/fails/"))).toEqual([]);
		const users = all.filter((file) => importsOf(file).packages.includes("@fails-components/webtransport"));
		expect(users).toEqual(["transport/fails/native.ts"]);
	});

	it("R11: the relay and what it stands on never import a codec, a container or the catalog", () => {
		const seen = reachedFrom(sourcesOf("relay"));
		expect([...seen].filter((file) => /codec|catalog|\/rtp\/|\/rtsp\//.test(file))).toEqual([]);
	});

	it("rooms of the worker import no framework, no SQL and no runtime", () => {
		const forbidden = sourcesOf("worker")
			.filter((file) => !WORKER_JOINERS.test(file))
			.flatMap((file) => {
				const { files, packages } = importsOf(file);
				return [
					...files.filter((f) => WORKER_JOINERS.test(f)),
					...packages.filter((p) => WORKER_ROOM_FORBIDDEN.test(p)),
				].map((target) => `${file} -> ${target}`);
			});
		expect(forbidden).toEqual([]);
	});

	it("has no cycle", () => expect(findCycle(all)).toBeUndefined());

	it("has no file above 600 lines", () => {
		expect(all.filter((file) => linesOf(file) > 600)).toEqual([]);
	});
});
