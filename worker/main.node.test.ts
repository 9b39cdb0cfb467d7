import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readWorkerConfig } from "./config.ts";
import { TestWorker } from "./http/testing/server.ts";

const MAIL = { MIVISUS_MAIL: "smtp://127.0.0.1:2525", MIVISUS_MAIL_FROM: "Mivisus <contact@mivisus.example>" };
let web: string;
let worker: TestWorker;
beforeAll(async () => {
	web = mkdtempSync(join(tmpdir(), "mivisus-web-"));
	mkdirSync(join(web, "dist/assets"), { recursive: true });
	writeFileSync(join(web, "dist/index.html"), "<!doctype html><title>page</title>");
	writeFileSync(join(web, "dist/assets/main-abc.js"), "export {};");
	writeFileSync(join(web, "secret.txt"), "TOP SECRET");
	mkdirSync(join(web, "dist/.git"));
	for (const hidden of [".env", ".git/config"]) writeFileSync(join(web, "dist", hidden), "TOP SECRET");
	worker = await TestWorker.start({ MIVISUS_WEB: join(web, "dist"), MIVISUS_PROXIES: "1" });
});
afterAll(async () => {
	await worker.close();
	rmSync(web, { recursive: true });
});

describe("the page", () => {
	it("is served at every address of its own, always fresh, with the headers", async () => {
		for (const path of ["/", "/cameras", "/enrol", "/sign-in?next=/"]) {
			const { status, headers, text } = await worker.get(path);
			expect(`${status} ${text}`, path).toContain("200 <!doctype html>");
			expect(headers["cache-control"], path).toBe("no-cache");
			expect(headers["content-security-policy"], path).toContain("default-src 'none'");
			expect(headers["x-content-type-options"], path).toBe("nosniff");
			expect(headers["set-cookie"], path).toBeUndefined();
		}
	});
	it("its files are kept for ever, and a file that is gone is not the page", async () => {
		const file = await worker.get("/assets/main-abc.js");
		expect(file.headers["cache-control"]).toContain("immutable");
		expect(file.headers["content-type"]).toContain("javascript");
		expect((await worker.get("/assets/main-old.js")).status).toBe(404);
	});
	it("the API's unknown paths are problems, not pages", async () => {
		const { status, headers } = await worker.get("/api/nowhere");
		expect(status).toBe(404);
		expect(headers["content-type"]).toBe("application/problem+json");
	});
	it.each([
		"/../secret.txt",
		"/..%2fsecret.txt",
		"/%2e%2e/secret.txt",
		"/assets/../../secret.txt",
		"/..\\secret.txt",
		"//etc/passwd",
		"/assets/%00",
		"/.env",
		"/%2eenv",
		"/%2Eenv",
		"/assets/..%2f.env",
		"/.git/config",
	])("%s leads to nothing that is nobody's business", async (path) => {
		const { status, text } = await worker.get(path);
		expect(status).toBeLessThan(500);
		expect(text).not.toMatch(/TOP SECRET|root:/);
	});
});

describe("the process", () => {
	it("keeps keys and data for its owner only, and gives the relay the public halves", () => {
		const mode = (name: string) => statSync(join(worker.folder, name)).mode & 0o777;
		for (const name of ["secrets/worker.json", "worker.db", "worker.db-wal"]) expect(mode(name), name).toBe(0o600);
		for (const name of ["relay-token-keys.json", "relay-control-keys.json"]) {
			const { keys } = JSON.parse(readFileSync(join(worker.folder, "secrets", name), "utf8"));
			expect(Object.keys(keys[0]).sort()).toEqual(["crv", "kid", "kty", "x"]);
		}
	});
	it("A3: slows guessing down behind a proxy by who asks, not by who says to ask", async () => {
		const guess = (forwarded: string, email = "nobody@example.test") =>
			worker.call("POST", "/session", {
				body: { email, password: "x" },
				headers: { "x-forwarded-for": forwarded },
			});
		const answers = await Promise.all(Array.from({ length: 22 }, (_, i) => guess(`203.0.113.${i}, 198.51.100.7`)));
		const slowed = answers.filter(({ problem }) => problem === "rate-limited");
		expect(slowed.length).toBeGreaterThanOrEqual(1);
		for (const { status, headers } of slowed) {
			expect(status).toBe(429);
			expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
		}
		expect((await guess("198.51.100.8", "other@example.test")).problem).toBe("wrong-credentials");
	});
	it("says in words what is wrong with its configuration", () => {
		const good = {
			MIVISUS_DATABASE: "x",
			MIVISUS_SECRETS: "x",
			MIVISUS_RELAY_URL: "https://relay.example",
			MIVISUS_RELAY_CONTROL: "http://127.0.0.1:4480",
			...MAIL,
		};
		expect(readWorkerConfig(good).MIVISUS_PORT).toBe(8080);
		const wrong = (change: Record<string, string>) => () => readWorkerConfig({ ...good, ...change });
		expect(() => readWorkerConfig({})).toThrow("MIVISUS_DATABASE: name the database file");
		expect(() => readWorkerConfig({})).toThrow("MIVISUS_MAIL: how mails leave");
		expect(wrong({ MIVISUS_MAIL: "https://mail.example" })).toThrow("MIVISUS_MAIL: how mails leave");
		expect(wrong({ MIVISUS_MAIL_FROM: "Mivisus" })).toThrow("MIVISUS_MAIL_FROM: the sender of mails");
		expect(wrong({ MIVISUS_MAIL: "ses://eu-west-3" })).toThrow("SES needs AWS_ACCESS_KEY_ID");
		expect(wrong({ MIVISUS_PORT: "http" })).toThrow("MIVISUS_PORT");
		expect(wrong({ MIVISUS_DEMO_EMAIL: "x" })).toThrow("MIVISUS_DEMO_EMAIL");
		expect(wrong({ MIVISUS_DEMO_PASSWORD: "short" })).toThrow("12 to 256 characters");
	});
	it("05.2: speaks plain http to this machine only", () => {
		const config = (change: Record<string, string>) => () =>
			readWorkerConfig({
				MIVISUS_DATABASE: "x",
				MIVISUS_SECRETS: "x",
				MIVISUS_RELAY_URL: "https://relay.example",
				MIVISUS_RELAY_CONTROL: "https://relay.example",
				...MAIL,
				...change,
			});
		for (const name of ["MIVISUS_ORIGIN", "MIVISUS_RELAY_CONTROL"]) {
			expect(config({ [name]: "http://localhost:8080" })).not.toThrow();
			expect(config({ [name]: "http://127.0.0.1:1" })).not.toThrow();
			expect(config({ [name]: "https://mivisus.example" })).not.toThrow();
			for (const bad of [
				"http://mivisus.example",
				"http://localhost.evil.example",
				"http://127.0.0.1.evil.example",
				"ftp://x",
			])
				expect(config({ [name]: bad }), bad).toThrow(name);
		}
		expect(config({ MIVISUS_RELAY_URL: "http://localhost:4433" })).toThrow("MIVISUS_RELAY_URL");
	});
});
