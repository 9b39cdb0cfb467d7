import { join } from "node:path";
import { AGREEMENT_VERSION, TERMS_VERSION } from "@mivisus/wire/terms";
import { PASSWORD, TestWorker } from "../worker/http/testing/server.ts";
import { FileDatabase } from "../worker/store/file-database.ts";
import { accountRow } from "../worker/store/testing/rows.ts";
import type { Figures } from "./figures.ts";

/** MIVISUS_PAIRS: 500 is what the goal (A2) names. */
const PAIRS = Number(process.env["MIVISUS_PAIRS"] ?? 500);

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/**
 * A2: whether time tells who has an account. Pairs of calls, one for a known and one for an unknown address, in random order;
 * the difference of the medians as a share of the median. Each pair comes from a network of its own, so that limits on
 * attempts stay out of it.
 */
export async function equalAnswers(): Promise<Figures> {
	const worker = await TestWorker.start({ MIVISUS_PROXIES: "1", MIVISUS_LOG: "error" });
	try {
		// Each address is asked for once of a kind: there are as many as there are pairs, with a real hash.
		await worker.person("first@example.test");
		const database = await FileDatabase.open(`file:${join(worker.folder, "worker.db")}`);
		const { password_hash } = await database.read
			.selectFrom("accounts")
			.select("password_hash")
			.executeTakeFirstOrThrow();
		const known = Array.from({ length: PAIRS }, (_, i) => `known-${i}@example.test`);
		await database.write(async (db) => {
			for (const email of known)
				await db
					.insertInto("accounts")
					.values({ ...accountRow(email), password_hash })
					.execute();
		});
		await database.close();
		let network = 0;
		const post = async (path: string, body: object): Promise<number> => {
			network += 1;
			const headers = { "x-forwarded-for": `10.${network >> 16}.${(network >> 8) & 255}.${network & 255}` };
			const started = performance.now();
			const { status } = await worker.call("POST", path, { body, headers });
			if (status === 429) throw new Error(`${path} was limited: the figures would mean nothing`);
			return performance.now() - started;
		};
		const figures: Figures = { pairs: PAIRS };
		const compare = async (name: string, call: (email: string) => Promise<number>) => {
			const times = { known: [] as number[], unknown: [] as number[] };
			for (let i = 0; i < PAIRS; i++) {
				const both: ["known" | "unknown", string][] = [
					["known", known[i] ?? ""],
					["unknown", `unknown-${name}-${i}@example.test`],
				];
				if (Math.random() < 0.5) both.reverse();
				for (const [kind, email] of both) {
					times[kind].push(await call(email));
					// The mail of the one must not stand in the time of the next.
					await new Promise((resolve) => setTimeout(resolve, 100));
				}
			}
			const [a, b] = [median(times.known), median(times.unknown)];
			figures[`${name}MedianMs`] = Number(b.toFixed(2));
			figures[`${name}DifferencePercent`] = Number(((100 * (a - b)) / b).toFixed(2));
		};
		await compare("signIn", (email) => post("/session", { email, password: "not the password" }));
		await compare("reset", (email) => post("/password-resets", { email }));
		const accepted = { terms: TERMS_VERSION, agreement: AGREEMENT_VERSION };
		await compare("signUp", (email) =>
			post("/accounts", { email, fullName: "Ada Test", password: PASSWORD, ...accepted }),
		);
		return figures;
	} finally {
		await worker.close();
	}
}
