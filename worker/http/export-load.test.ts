import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { verifyArchive } from "@mivisus/wire/archive";
import { openZip } from "@mivisus/wire/archive-zip";
import { importVerificationKeys } from "@mivisus/wire/token";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scaled } from "../../test/scale.ts";
import { sha256Stream } from "../platform/node.ts";
import { until } from "./testing/parties.ts";
import { RUNTIMES, type Runtime } from "./testing/runtimes.ts";
import { TestWorker } from "./testing/server.ts";

/** With labels of 200 letters more than what sockets hold on both sides, so that a reader that takes nothing is felt. */
const ROWS = scaled(80_000, 2_000_000);
/** `STALL_MS`, and time to notice. */
const STALLED_MS = 75_000;
/** workerd does not always tell of a reader that left: then it counts as one that takes nothing. */
const FREED_MS: Record<Runtime, number> = { node: 20_000, deno: 20_000, workerd: STALLED_MS };
const LONG_MS = scaled(300_000, 900_000);

/** A reader over a bare socket: what comes, and how it ended. */
class Reader {
	readonly socket: Socket;
	status = "";
	bytes = 0;
	tail = "";
	closed = false;
	constructor(origin: string, cookie: string) {
		this.socket = connect({ host: "127.0.0.1", port: Number(new URL(origin).port) });
		this.socket.on("data", (data) => {
			if (this.bytes === 0) this.status = data.toString("latin1").slice(9, 12);
			this.bytes += data.length;
			this.tail = (this.tail + data.toString("latin1")).slice(-64);
		});
		// A reset is an end too.
		this.socket.on("error", () => {});
		this.socket.on("close", () => {
			this.closed = true;
		});
		this.socket.write(`GET /api/export HTTP/1.1\r\nHost: localhost\r\nCookie: session=${cookie}\r\n\r\n`);
	}
	/** Whether the answer came to the end that HTTP knows. */
	get whole(): boolean {
		return this.tail.endsWith("\r\n0\r\n\r\n");
	}
}

/** A worker with somebody whose reader takes nothing. */
class Stage {
	readonly worker: TestWorker;
	stalled: { reader: Reader; cookie: string; since: number } | undefined;
	private constructor(worker: TestWorker) {
		this.worker = worker;
	}
	static async open(runtime: Runtime): Promise<Stage> {
		const heap = runtime === "node" ? { NODE_OPTIONS: "--max-old-space-size=256" } : {};
		const stage = new Stage(await TestWorker.start({ MIVISUS_PROXIES: "1", ...heap }, runtime));
		const { cookie } = await stage.large("stalls");
		const reader = await stage.begun(cookie);
		reader.socket.pause();
		stage.stalled = { reader, cookie, since: Date.now() };
		return stage;
	}
	async close(): Promise<void> {
		this.stalled?.reader.socket.destroy();
		await this.worker.close();
	}
	database() {
		return createClient({ url: `file:${join(this.worker.folder, "worker.db")}`, timeout: 60_000 });
	}
	/** Somebody with so many passkeys that the copy is large. */
	async large(name: string, rows = ROWS) {
		const person = await this.worker.person(`${name}@example.test`);
		const client = this.database();
		await client.execute({
			sql: `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
				INSERT INTO passkeys SELECT '${name}-' || printf('%09d', i), ?, '${name}-' || i, 'k', 0, '[]', printf('%.*c', 200, 'l'), 1, NULL FROM n`,
			args: [rows, person.accountId],
		});
		client.close();
		return person;
	}
	/** A whole copy, checked. */
	async download(cookie: string) {
		const { status, blob } = await this.worker.download("/export", cookie);
		expect(status).toBe(200);
		const archive = await openZip(blob, sha256Stream);
		const keys = await importVerificationKeys((await this.worker.call("GET", "/signing-keys")).json);
		return { archive, manifest: (await verifyArchive(archive, keys)).manifest };
	}
	/** A copy that has begun to come, once its place is free. */
	async begun(cookie: string, ms = 20_000): Promise<Reader> {
		for (const deadline = Date.now() + ms; ; ) {
			const reader = new Reader(this.worker.origin, cookie);
			await until(() => reader.status !== "");
			if (reader.status === "200") {
				await until(() => reader.bytes > 10_000);
				return reader;
			}
			reader.socket.destroy();
			expect(reader.status).toBe("503");
			expect(Date.now(), "its place is not given back").toBeLessThan(deadline);
			await new Promise((resolve) => setTimeout(resolve, 500));
		}
	}
}

const stages = new Map<Runtime, Stage>();
beforeAll(async () => {
	// Their minutes run at the same time, and while the others are tried.
	for (const runtime of RUNTIMES) stages.set(runtime, await Stage.open(runtime));
}, LONG_MS);
afterAll(async () => {
	for (const stage of stages.values()) await stage.close();
});

/** A03 of field faults, with real sockets: what large copies do to a worker, on each runtime. */
describe.each(RUNTIMES)("A03: large copies on %s", (runtime) => {
	let stage: Stage;
	let worker: TestWorker;
	beforeAll(() => {
		stage = stages.get(runtime) as Stage;
		worker = stage.worker;
	});

	it(
		"(a) comes whole, and others are served meanwhile",
		async () => {
			const [{ cookie }, other] = [await stage.large("whole"), await worker.person("other@example.test")];
			let done = false;
			const copy = stage.download(cookie).finally(() => {
				done = true;
			});
			let served = 0;
			while (!done) {
				expect((await worker.call("GET", "/cameras", { cookie: other.cookie })).status).toBe(200);
				served += 1;
				await Promise.race([copy.catch(() => {}), new Promise((resolve) => setTimeout(resolve, 20))]);
			}
			const { manifest } = await copy;
			for (const ending of ["json", "csv"])
				expect(manifest.files.find(({ path }) => path === `data/passkeys.${ending}`)?.rows).toBe(ROWS);
			expect(served).toBeGreaterThan(3);
		},
		LONG_MS,
	);
	it(
		"(c) a reader that resets after the first piece frees its place, and ends nothing else",
		async () => {
			const { cookie } = await stage.large("resets", 80_000);
			for (let i = 0; i < 4; i++) (await stage.begun(cookie, FREED_MS[runtime])).socket.resetAndDestroy();
			expect((await worker.call("GET", "/session", { cookie })).status).toBe(200);
			expect(worker.output).not.toMatch(/unhandled|uncaught|"level":50/i);
		},
		LONG_MS,
	);
	it("(d) five at the same time: one is made, the others are told when to come again", async () => {
		const { cookie } = await worker.person("five@example.test");
		const answers = await Promise.all(Array.from({ length: 5 }, () => worker.download("/export", cookie)));
		const statuses = answers.map(({ status }) => status);
		expect(statuses).toContain(200);
		for (const { status, headers } of answers) {
			expect([200, 503]).toContain(status);
			if (status === 503) expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
		}
	});
	it(
		"(e) rows that come and go meanwhile: each file is whole, and says how many it has",
		async () => {
			const { cookie, accountId } = await stage.large("changes", 80_000);
			const reader = await stage.begun(cookie);
			reader.socket.pause();
			const client = stage.database();
			await client.execute({
				sql: "DELETE FROM passkeys WHERE account_id = ? AND rowid % 3 = 0",
				args: [accountId],
			});
			await client.execute({
				sql: `INSERT INTO passkeys SELECT 'new-' || id, account_id, 'new-' || credential_id, 'k', 0, '[]', 'l', 1, NULL
					FROM passkeys WHERE account_id = ? LIMIT 5000`,
				args: [accountId],
			});
			client.close();
			reader.socket.resume();
			await until(() => reader.whole || reader.closed, 60_000);
			expect(reader.whole).toBe(true);
			reader.socket.destroy();
			const { archive, manifest } = await stage.download(cookie);
			for (const { path, rows } of manifest.files.filter((file) => file.path === "data/passkeys.json"))
				expect(JSON.parse(new TextDecoder().decode(await archive.read(path, 1 << 28)))).toHaveLength(rows ?? -1);
		},
		LONG_MS,
	);
	it(
		"(b) a reader that takes nothing for a minute is cut off, has nothing that passes for a copy, and frees its place",
		async () => {
			const { reader, cookie, since } = stage.stalled as NonNullable<Stage["stalled"]>;
			expect(reader.closed).toBe(false);
			const again = await stage.begun(cookie, STALLED_MS);
			expect(Date.now()).toBeGreaterThan(since + 55_000);
			again.socket.destroy();
			reader.socket.resume();
			await until(() => reader.closed, 10_000);
			// The end of a ZIP's directory: without it no program takes it for an archive.
			expect(reader.tail).not.toContain("PK\u0005\u0006");
			expect(reader.bytes).toBeGreaterThan(1000);
			// workerd closes in order what breaks off in the middle, and writes down why.
			if (runtime === "workerd") return;
			expect(reader.whole).toBe(false);
			expect(worker.output).not.toMatch(/unhandled|uncaught/i);
		},
		LONG_MS,
	);
});
