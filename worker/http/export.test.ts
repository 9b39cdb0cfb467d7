import { join } from "node:path";
import { createClient } from "@libsql/client";
import { verifyArchive } from "@mivisus/wire/archive";
import { openZip } from "@mivisus/wire/archive-zip";
import { importVerificationKeys } from "@mivisus/wire/token";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LINK_MS } from "../export/exports.ts";
import { TestPage } from "./testing/parties.ts";
import { TestWorker } from "./testing/server.ts";

let worker: TestWorker;
beforeAll(async () => {
	worker = await TestWorker.start({ MIVISUS_REGION: "self-hosted: the tests" });
});
afterAll(() => worker.close());

const linkOf = async (cookie: string) => {
	const { json, status } = await worker.call("POST", "/export", { cookie, body: {} });
	expect(status).toBe(201);
	return { path: String(json?.["path"]).replace("/api", ""), expiresAtMs: Number(json?.["expiresAtMs"]) };
};
const keys = async () => importVerificationKeys((await worker.call("GET", "/signing-keys")).json);

describe("the copy of a person's data", () => {
	it("07.1, 07.4, P29: by one click: signed, whole, with the camera and nothing of its password", async () => {
		const page = await TestPage.open(worker, "ada@example.test");
		await page.addCamera(await page.link());
		const { path, expiresAtMs } = await linkOf(page.cookie);
		expect(expiresAtMs).toBeGreaterThan(Date.now() + LINK_MS - 60_000);
		const { status, headers, blob } = await worker.download(path, page.cookie);
		expect(status).toBe(200);
		expect(headers.get("content-type")).toBe("application/zip");
		expect(headers.get("content-disposition")).toMatch(/^attachment; filename="mivisus-\d{4}-\d\d-\d\d\.zip"$/);
		expect(headers.get("cache-control")).toBe("no-store");
		const archive = await openZip(blob);
		const { manifest } = await verifyArchive(archive, await keys());
		expect(manifest).toMatchObject({ service: worker.origin, region: "self-hosted: the tests" });
		const text = new TextDecoder().decode(await archive.read("data/cameras.json", 1 << 20));
		expect(JSON.parse(text)).toMatchObject([{ name: "Door", host: "192.0.2.10", port: 554, path: "/live" }]);
		// The link is used up, and HEAD would not have used it.
		expect((await worker.call("GET", path, { cookie: page.cookie })).problem).toBe("link-unusable");
	});
	it("the link is worth nothing to anybody else, altered, or looked at", async () => {
		const [ada, eve] = [await worker.person("link@example.test"), await worker.person("eve@example.test")];
		const { path } = await linkOf(ada.cookie);
		expect((await worker.call("GET", path)).problem).toBe("unauthorized");
		expect((await worker.call("GET", path, { cookie: eve.cookie })).problem).toBe("link-unusable");
		const [, , token = ""] = path.split("/");
		const [expires = "", id, mark] = token.split(".");
		const later = (Number.parseInt(expires, 36) + 1000).toString(36);
		for (const forged of [
			`${later}.${id}.${mark}`,
			`${expires}.${id}.`,
			`${expires}.${id}.${mark}.`,
			"x",
			"..",
			`1.${id}.${mark}`,
		])
			expect((await worker.call("GET", `/export/${forged}`, { cookie: ada.cookie })).problem, forged).toMatch(
				/^(link-unusable|not-found|proof-required)$/,
			);
		expect((await worker.call("HEAD", path, { cookie: ada.cookie })).status).toBe(404);
		expect((await worker.download(path, ada.cookie)).status).toBe(200);
	});
	it("07.6: is there for a restricted account as well, and at once for programs", async () => {
		const { cookie, accountId } = await worker.person("restricted-export@example.test");
		const client = createClient({ url: `file:${join(worker.folder, "worker.db")}`, timeout: 5000 });
		await client.execute({ sql: "UPDATE accounts SET state = 'restricted' WHERE id = ?", args: [accountId] });
		client.close();
		const { blob } = await worker.download("/export", cookie);
		await verifyArchive(await openZip(blob), await keys());
		await linkOf(cookie);
	});
	it("A6: a page of somebody else's has no copy made; typing the address, or our own page, has", async () => {
		const { cookie } = await worker.person("cross-site@example.test");
		const get = (site: string) => worker.call("GET", "/export", { cookie, headers: { "sec-fetch-site": site } });
		for (const site of ["cross-site", "same-site", "odd"]) expect((await get(site)).problem, site).toBe("cross-site");
		for (const site of ["same-origin", "none"]) expect((await get(site)).status, site).toBe(200);
	});
	it("A03: is made for few at a time, and few times an hour", async () => {
		const { cookie } = await worker.person("often@example.test");
		const answers = await Promise.all(Array.from({ length: 5 }, () => worker.download("/export", cookie)));
		const statuses = answers.map(({ status }) => status);
		expect(statuses).toContain(200);
		for (const status of statuses) expect([200, 503]).toContain(status);
		for (let i = 0; i < 6; i++) await worker.download("/export", cookie);
		const { problem, headers } = await worker.call("GET", "/export", { cookie });
		expect(problem).toBe("rate-limited");
		expect(Number(headers.get("retry-after"))).toBeGreaterThan(60);
	});
});
