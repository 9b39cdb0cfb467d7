import { newId } from "@mivisus/wire/ids";
import type { Revocation } from "@mivisus/wire/token";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ControlServer } from "./control.ts";
import { MAX_HTTP_BODY_BYTES } from "./limits.ts";
import { TestWorker } from "./testing/keys.ts";

let worker: TestWorker;
let control: ControlServer;
let port: number;
let health: object | undefined;
let applies: boolean;
let revoked: Revocation[];

beforeEach(async () => {
	worker = await TestWorker.create();
	[health, applies, revoked] = [{ status: "ok" }, true, []];
	control = new ControlServer({
		audience: worker.audience,
		keys: await worker.keys(),
		now: Date.now,
		health: () => health,
		revoke: async (revocations) => {
			if (!applies) throw new Error("a plane that hangs");
			revoked.push(...revocations);
			return Math.max(0, ...revoked.map(({ seq }) => seq));
		},
	});
	port = await control.listen("127.0.0.1", 0);
});
afterEach(() => control.close());

describe("the control side", () => {
	const base = () => `http://127.0.0.1:${port}`;
	const push = async (body: unknown, token?: string) =>
		fetch(`${base()}/revocations`, {
			method: "POST",
			headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
			body: typeof body === "string" ? body : JSON.stringify(body),
		});

	it("takes pushes of the worker only", async () => {
		const empty = { revocations: [] };
		expect((await push(empty)).status).toBe(401);
		expect((await push(empty, await worker.token({ root: newId() }))).status).toBe(401);
		expect((await push(empty, await (await TestWorker.create()).controlToken())).status).toBe(401);
		const token = await worker.controlToken();
		expect((await push(empty, token)).status).toBe(200);
		expect((await push(empty, token)).status).toBe(401);
	});
	it("reads a body at the limit and refuses what is above it or odd, as a problem", async () => {
		const text = JSON.stringify({ revocations: [] });
		const padded = (length: number) => text + " ".repeat(length - text.length);
		expect((await push(padded(MAX_HTTP_BODY_BYTES), await worker.controlToken())).status).toBe(200);
		expect((await push(padded(MAX_HTTP_BODY_BYTES + 1), await worker.controlToken())).status).toBe(413);
		const odd = await push("{", await worker.controlToken());
		expect([odd.status, odd.headers.get("content-type")]).toEqual([400, "application/problem+json"]);
		expect(await odd.json()).toMatchObject({ type: "https://mivisus.com/problems/malformed" });
		expect((await push({ revocations: [{ ref: "x" }] }, await worker.controlToken())).status).toBe(400);
		expect((await fetch(`${base()}/elsewhere`)).status).toBe(404);
		expect((await fetch(`${base()}/revocations`)).status).toBe(405);
	});
	it("tells what was applied, says that it is well, and says when it is not", async () => {
		const body = { revocations: [{ seq: 3, ref: `session:${newId()}`, iat: 1 }] };
		const answer = await push(body, await worker.controlToken());
		expect([answer.status, await answer.json(), revoked]).toEqual([200, { seq: 3 }, body.revocations]);
		expect(await (await fetch(`${base()}/healthz`)).json()).toEqual({ status: "ok" });
		health = undefined;
		const away = await fetch(`${base()}/healthz`);
		expect([away.status, await away.json()]).toMatchObject([503, { type: "https://mivisus.com/problems/not-serving" }]);
		applies = false;
		const failed = await push(body, await worker.controlToken());
		expect([failed.status, await failed.json()]).toMatchObject([
			503,
			{ type: "https://mivisus.com/problems/not-applied" },
		]);
	});
});
