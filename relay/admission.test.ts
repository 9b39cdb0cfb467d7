import { newId } from "@mivisus/wire/ids";
import { beforeEach, describe, expect, it } from "vitest";
import { scaled } from "../test/scale.ts";
import { Admission } from "./admission.ts";
import { MAX_REVOCATIONS, MAX_USED_TOKENS, REVOCATION_KEPT_MS, SECOND_SLOT_MS } from "./limits.ts";
import { Revocations } from "./revocations.ts";
import { TestWorker } from "./testing/keys.ts";

const START = 1_800_000_000_000;
const root = newId();
let worker: TestWorker;
let revocations: Revocations;
let admission: Admission;
let nowMs: number;

beforeEach(async () => {
	worker = await TestWorker.create();
	nowMs = START;
	revocations = new Revocations();
	admission = new Admission({ audience: "relay-1", keys: await worker.keys(), revocations, now: () => nowMs });
});
const ask = async (token: string | undefined, { path = `/${root}`, transport = "http3" } = {}) => {
	const query = new URLSearchParams(token === undefined ? {} : { jwt: token });
	const answer = await admission.admit({ path, query, transport });
	return "refusal" in answer ? answer.refusal.reason : "admitted";
};

describe("admission", () => {
	it("lets a good token in, once", async () => {
		const token = await worker.token({ root }, nowMs);
		expect(await ask(token)).toBe("admitted");
		expect(await ask(token)).toBe("token-used");
	});
	it("refuses no token, two tokens, a late one, a strange one, one for another path", async () => {
		expect(await ask(undefined)).toBe("no-token");
		const token = await worker.token({ root }, nowMs);
		const two = new URLSearchParams([
			["jwt", token],
			["jwt", token],
		]);
		expect(await admission.admit({ path: `/${root}`, query: two, transport: "http3" })).toMatchObject({
			refusal: { status: 400 },
		});
		for (const path of ["/", "", `/${newId()}`, `/${root}/`, `/${root}/x`]) {
			expect(await ask(token, { path })).toBe("path-is-not-root");
		}
		nowMs += 60_000;
		expect(await ask(token)).toBe("token-expired");
		expect(await ask("x.y.z")).toBe("token-malformed");
		expect(await ask(await (await TestWorker.create()).token({ root }, nowMs))).toBe("token-bad-signature");
	});
	it("a refused attempt does not use the token up", async () => {
		const token = await worker.token({ root }, nowMs);
		await ask(token, { path: "/other" });
		expect(await ask(token)).toBe("admitted");
	});
	it("a race has a slot on each transport, until the peer chose or five seconds are over", async () => {
		const race = async (between: (jti: string) => void) => {
			const jti = newId();
			const token = await worker.token({ root, jti }, nowMs);
			expect(await ask(token)).toBe("admitted");
			between(jti);
			return ask(token, { transport: "tcp" });
		};
		expect(await race(() => {})).toBe("admitted");
		expect(await race((jti) => admission.burn(jti))).toBe("token-used");
		expect(
			await race(() => {
				nowMs += SECOND_SLOT_MS - 1;
			}),
		).toBe("admitted");
		expect(
			await race(() => {
				nowMs += SECOND_SLOT_MS;
			}),
		).toBe("token-used");
	});
	it("refuses what was issued before this process began: it cannot know whether it was used", async () => {
		expect(await ask(await worker.token({ root }, nowMs - 1000))).toBe("token-older-than-relay");
	});
	it("forgets used tokens only when nobody can use them any more", async () => {
		const token = await worker.token({ root }, nowMs);
		expect(await ask(token)).toBe("admitted");
		nowMs += 59_999;
		admission.prune();
		expect(await ask(token)).toBe("token-used");
		nowMs += 1;
		admission.prune();
		expect(await ask(token)).toBe("token-expired");
	});
	it("R4: remembers as many used tokens as allowed; one more waits until the first are forgotten", async () => {
		// All of them take a minute to sign and to check.
		const maxUsed = scaled(20, MAX_USED_TOKENS);
		const keys = await worker.keys();
		admission = new Admission({ audience: "relay-1", keys, revocations, now: () => nowMs, maxUsed });
		for (let n = 0; n < maxUsed; n++) expect(await ask(await worker.token({ root }, nowMs))).toBe("admitted");
		const late = await worker.token({ root }, nowMs + 1000);
		expect(await ask(await worker.token({ root }, nowMs))).toBe("too-many-tokens");
		nowMs += 60_000;
		expect(await ask(late)).toBe("admitted");
	}, 300_000);
	it("refuses a token whose right was taken back, and takes one issued after", async () => {
		const ref = `session:${newId()}`;
		const iat = nowMs / 1000;
		const claims = { root, mivisus: { until: iat + 600, ref: [ref] } };
		const before = await worker.token(claims, nowMs);
		revocations.apply([{ seq: 1, ref, iat }], nowMs);
		expect(await ask(before)).toBe("revoked");
		expect(await ask(await worker.token(claims, nowMs + 1000))).toBe("admitted");
	});
});

describe("revocations", () => {
	const ref = `camera:${newId()}`;
	const claims = (iat: number) => ({ iat, mivisus: { until: iat + 1, ref: [`session:${newId()}`, ref] } });
	it("void what was issued up to their instant", () => {
		revocations.apply([{ seq: 4, ref, iat: 100 }], START);
		expect(revocations.voids(claims(100))).toBe(true);
		expect(revocations.voids(claims(101))).toBe(false);
		expect(revocations.lastSeq).toBe(4);
	});
	it("may come again and out of order without taking anything back", () => {
		revocations.apply([{ seq: 5, ref, iat: 100 }], START);
		revocations.apply([{ seq: 4, ref, iat: 90 }], START);
		expect(revocations.voids(claims(100))).toBe(true);
		expect(revocations.lastSeq).toBe(5);
	});
	it("are kept for as long as anything can rest on them", () => {
		revocations.apply([{ seq: 1, ref, iat: 100 }], START);
		revocations.prune(START + REVOCATION_KEPT_MS - 1);
		expect(revocations.voids(claims(100))).toBe(true);
		revocations.prune(START + REVOCATION_KEPT_MS);
		expect(revocations.voids(claims(100))).toBe(false);
	});
	it("R4: as many as allowed are held; one more takes the place of the oldest", () => {
		const many = Array.from({ length: MAX_REVOCATIONS - 1 }, (_, seq) => ({ seq, ref: `agent:${seq}`, iat: 1 }));
		revocations.apply([{ seq: 1, ref, iat: 100 }, ...many], START);
		expect(revocations.voids(claims(100))).toBe(true);
		revocations.apply([{ seq: 2, ref: "agent:one more", iat: 1 }], START);
		expect(revocations.voids(claims(100))).toBe(false);
	});
	it("tell who listens", () => {
		let heard = 0;
		const stop = revocations.onChange(() => {
			heard += 1;
		});
		revocations.apply([{ seq: 1, ref, iat: 1 }], START);
		stop();
		revocations.apply([{ seq: 2, ref, iat: 1 }], START);
		expect(heard).toBe(1);
	});
});
