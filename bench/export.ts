import { createWriteStream, mkdtempSync, openAsBlob, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createClient } from "@libsql/client";
import { verifyArchive } from "@mivisus/wire/archive";
import { openZip } from "@mivisus/wire/archive-zip";
import { importVerificationKeys } from "@mivisus/wire/token";
import { TestPage } from "../worker/http/testing/parties.ts";
import { TestWorker } from "../worker/http/testing/server.ts";
import { sha256Stream } from "../worker/platform/node.ts";
import { type Figures, percentile } from "./figures.ts";
import { usage } from "./usage.ts";

const ROWS = Number(process.env["MIVISUS_ROWS"] ?? 1_000_000);
const SAMPLE_MS = 200;
const QUIET_SAMPLES = 100;

/**
 * One account with a million entries asks for its copy, to a file, while somebody else goes on using the service: how long it
 * takes, how much memory it costs the worker, and what the other one notices. The archive is then checked whole.
 */
export async function exportCopy(): Promise<Figures> {
	const worker = await TestWorker.start({ MIVISUS_PROXIES: "1", MIVISUS_LOG: "error" });
	const folder = mkdtempSync(join(tmpdir(), "mivisus-bench-export-"));
	try {
		const page = await TestPage.open(worker, "large@example.test");
		const camera = await page.addCamera(await page.link());
		const client = createClient({ url: `file:${join(worker.folder, "worker.db")}`, timeout: 60_000 });
		await client.execute({
			sql: `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
				INSERT INTO stream_events (account_id, camera_id, at, status)
				SELECT ?, ?, ? + i, CASE i % 2 WHEN 0 THEN 'live' ELSE 'idle' END FROM n`,
			args: [ROWS, page.accountId, camera, Date.now() - 86_400_000],
		});
		await client.execute("PRAGMA wal_checkpoint(TRUNCATE)");
		client.close();
		const other = await worker.person("other@example.test");
		/** How long somebody else's call takes, ms. */
		const call = async () => {
			const began = performance.now();
			const { status } = await worker.call("GET", "/cameras", { cookie: other.cookie });
			if (status !== 200) throw new Error(`the other one's call answered ${status}`);
			return performance.now() - began;
		};
		const breath = () => new Promise((resolve) => setTimeout(resolve, 20));
		for (let i = 0; i < 20; i++) await call();
		const quiet: number[] = [];
		for (let i = 0; i < QUIET_SAMPLES; i++) {
			quiet.push(await call());
			await breath();
		}
		const before = usage(worker.pid).rssMiB;
		let peak = before;
		const watching = setInterval(() => {
			peak = Math.max(peak, usage(worker.pid).rssMiB);
		}, SAMPLE_MS);
		const path = join(folder, "copy.zip");
		const began = performance.now();
		let done = false;
		const copy = (async () => {
			const response = await fetch(`${worker.origin}/api/export`, { headers: { cookie: `session=${page.cookie}` } });
			if (!response.ok || !response.body) throw new Error(`the export answered ${response.status}`);
			await pipeline(Readable.fromWeb(response.body as never), createWriteStream(path));
			done = true;
		})();
		const meanwhile: number[] = [];
		while (!done) {
			meanwhile.push(await call());
			await breath();
			// A copy that failed ends the waiting too.
			await Promise.race([copy, breath()]);
		}
		await copy;
		const seconds = (performance.now() - began) / 1000;
		clearInterval(watching);
		const archive = await openZip(await openAsBlob(path), sha256Stream);
		const keys = await importVerificationKeys((await worker.call("GET", "/signing-keys")).json);
		const { manifest } = await verifyArchive(archive, keys);
		const rows = manifest.files.find((file) => file.path === "data/streams.json")?.rows;
		const p95 = (values: number[]) =>
			percentile(
				values.sort((a, b) => a - b),
				0.95,
			);
		const [quietP95, meanwhileP95] = [p95(quiet), p95(meanwhile)];
		return {
			rows: rows ?? 0,
			seconds: Number(seconds.toFixed(1)),
			peakRssRiseMiB: Math.round(peak - before),
			otherP95Ratio: Number((meanwhileP95 / quietP95).toFixed(2)),
			otherQuietP95Ms: Number(quietP95.toFixed(1)),
			otherMeanwhileP95Ms: Number(meanwhileP95.toFixed(1)),
			otherSamples: meanwhile.length,
			archiveMiB: Math.round((await openAsBlob(path)).size / 2 ** 20),
		};
	} finally {
		await worker.close();
		rmSync(folder, { recursive: true, force: true });
	}
}
