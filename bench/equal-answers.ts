import { AGREEMENT_VERSION, TERMS_VERSION } from "@mivisus/wire/terms";
import { PASSWORD, TestWorker } from "../worker/http/testing/server.ts";
import type { Figures } from "./figures.ts";

/** MIVISUS_PAIRS: 500 is what the goal (A2) names. */
const PAIRS = Number(process.env["MIVISUS_PAIRS"] ?? 500);

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/**
 * A2: whether time tells who has an account. Pairs of calls, one for a known and one for an unknown address, in random order;
 * the difference of the medians as a share of the median. Each pair comes from a network of its own, so that limits on
 * attempts stay out of it, and each known address is asked for a few times only.
 */
export async function equalAnswers(): Promise<Figures> {
	const worker = await TestWorker.start({ MIVISUS_PROXIES: "1", MIVISUS_LOG: "error" });
	try {
		const known: string[] = [];
		// One address takes few mails and few guesses: there are as many as it needs.
		for (let i = 0; i < Math.ceil(PAIRS / 4); i++) {
			const email = `known-${i}@example.test`;
			await worker.person(email);
			known.push(email);
		}
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
					["known", known[i % known.length] ?? ""],
					["unknown", `unknown-${name}-${i}@example.test`],
				];
				if (Math.random() < 0.5) both.reverse();
				for (const [kind, email] of both) times[kind].push(await call(email));
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
