import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { newId } from "@mivisus/wire/ids";
import { decodeJwt } from "jose";
import { freePort, Program } from "../scripts/start/programs.ts";
import { PASSWORD, TestWorker } from "../worker/http/testing/server.ts";
import { nodeRandom, sha256 } from "../worker/platform/node.ts";
import { Sessions } from "../worker/sessions/sessions.ts";
import { FileDatabase } from "../worker/store/file-database.ts";
import { sessionStore } from "../worker/store/sessions.ts";
import { accountRow } from "../worker/store/testing/rows.ts";
import { type Figures, figuresOf } from "./figures.ts";
import { usage } from "./usage.ts";

const ROUNDS = 5;
const ROUND_MS = 2500;
const CONNECTIONS = 16;
/** So many that no account reaches its own limit on calls. */
const ACCOUNTS = 150;
const SIGN_INS_AT_ONCE = 20;
const SIGN_IN_ROUNDS = 5;
const FLOOD = 200;

/** Requests in `ms` over kept connections; each `next` gives one to send. */
async function hammer(ms: number, port: number, next: () => { path: string; cookie?: string }): Promise<number> {
	const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
	const end = performance.now() + ms;
	let done = 0;
	const one = () =>
		new Promise<void>((resolve, reject) => {
			const { path, cookie } = next();
			const sent = request({ host: "127.0.0.1", port, path, agent, headers: cookie ? { cookie } : {} }, (response) => {
				if (response.statusCode !== 200) reject(new Error(`${path} answered ${response.statusCode}`));
				response.resume().on("end", resolve);
			});
			sent.on("error", reject).end();
		});
	await Promise.all(
		Array.from({ length: CONNECTIONS }, async () => {
			while (performance.now() < end) {
				await one();
				done += 1;
			}
		}),
	);
	agent.destroy();
	return (done / ms) * 1000;
}
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/**
 * How much the worker's checks cost: signed-in `GET /api/session` against a bare Hono route with the same read, in turns, in
 * the same run. Then 20 people who sign in at once, and 200.
 */
export async function api(): Promise<Figures> {
	const worker = await TestWorker.start({ MIVISUS_PROXIES: "1", MIVISUS_LOG: "error" });
	const file = join(worker.folder, "worker.db");
	const database = await FileDatabase.open(`file:${file}`);
	const port = await freePort("tcp");
	const bare = new Program("bare", fileURLToPath(new URL("bare-server.ts", import.meta.url)), {
		args: [file, String(port)],
		env: {},
		cwd: process.cwd(),
	});
	try {
		await bare.line(/listening/);
		const [key] = JSON.parse(readFileSync(join(worker.folder, "secrets/worker.json"), "utf8")).sessionKeys;
		const sessions = new Sessions({
			store: sessionStore(database, () => {}),
			keys: [{ id: key.id, secret: new Uint8Array(Buffer.from(key.secret, "base64url")) }],
			clock: { now: Date.now },
			hash: sha256,
			random: nodeRandom,
		});
		const cookies: string[] = [];
		for (let i = 0; i < ACCOUNTS; i++) {
			const id = newId();
			await database.write((db) =>
				db
					.insertInto("accounts")
					.values(accountRow(`bench-${i}@example.test`, id))
					.execute(),
			);
			cookies.push((await sessions.begin(id, "bench", { passwordHash: "h" })) ?? "");
		}
		const hashes = cookies.map((cookie) => sha256(String(decodeJwt(cookie).jti)));
		let turn = 0;
		const checked = () => ({ path: "/api/session", cookie: `session=${cookies[turn++ % ACCOUNTS]}` });
		const plain = () => ({ path: `/bare/${hashes[turn++ % ACCOUNTS]}` });
		const workerPort = Number(new URL(worker.origin).port);
		await hammer(1000, workerPort, checked);
		await hammer(1000, port, plain);
		const rates = { checked: [] as number[], bare: [] as number[] };
		const before = { worker: usage(worker.pid), bare: usage(bare.pid) };
		for (let i = 0; i < ROUNDS; i++) {
			rates.checked.push(await hammer(ROUND_MS, workerPort, checked));
			rates.bare.push(await hammer(ROUND_MS, port, plain));
		}
		const after = { worker: usage(worker.pid), bare: usage(bare.pid) };
		const cost = (of: "worker" | "bare", perSecond: readonly number[]) =>
			((after[of].cpuS - before[of].cpuS) / perSecond.reduce((sum, rate) => sum + (rate * ROUND_MS) / 1000, 0)) * 1e6;

		const people = Array.from({ length: SIGN_INS_AT_ONCE }, (_, i) => `person-${i}@example.test`);
		for (const email of people) await worker.person(email);
		const network = () => ({ "x-forwarded-for": `203.0.113.${turn++ % 250}` });
		const signIn = (email: string) =>
			worker.call("POST", "/session", { body: { email, password: PASSWORD }, headers: network() });
		const times: number[] = [];
		const alone: number[] = [];
		for (const email of people.slice(0, 5)) {
			const started = performance.now();
			await signIn(email);
			alone.push(performance.now() - started);
		}
		for (let round = 0; round < SIGN_IN_ROUNDS; round++) {
			await Promise.all(
				people.map(async (email) => {
					const started = performance.now();
					const { status } = await signIn(email);
					if (status !== 200) throw new Error(`a sign-in answered ${status}`);
					times.push(performance.now() - started);
				}),
			);
		}
		const calm = usage(worker.pid).rssMiB;
		let peak = calm;
		const watch = setInterval(() => {
			peak = Math.max(peak, usage(worker.pid).rssMiB);
		}, 50);
		const flood = await Promise.all(Array.from({ length: FLOOD }, (_, i) => signIn(`stranger-${i}@example.test`)));
		clearInterval(watch);
		const refused = flood.filter(({ status }) => status === 503);
		return {
			ratio: Number((median(rates.checked) / median(rates.bare)).toFixed(3)),
			checkedPerS: Math.round(median(rates.checked)),
			barePerS: Math.round(median(rates.bare)),
			checkedCpuMicros: Math.round(cost("worker", rates.checked)),
			bareCpuMicros: Math.round(cost("bare", rates.bare)),
			samples: ROUNDS,
			...figuresOf(alone, "signInAlone_"),
			...figuresOf(times, "signIn20_"),
			signInSamples: times.length,
			floodRssRiseMiB: Math.round(peak - calm),
			floodBusy: refused.length,
			floodRetryAfter: String(refused[0]?.headers.get("retry-after")),
		};
	} finally {
		await bare.stop();
		await database.close();
		await worker.close();
	}
}
