import { newId } from "@mivisus/wire/ids";
import { describe, expect, it } from "vitest";
import { Api, type Fetch } from "./client.ts";

const answering = (status: number, body?: unknown, type = "application/json"): Fetch => {
	return async () =>
		new Response(body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body), {
			status,
			headers: { "content-type": type },
		});
};

describe("the API client", () => {
	it("gives a checked value, and sends JSON to its own origin only", async () => {
		const seen: [string, RequestInit][] = [];
		const account = { id: newId(), email: "a@example.org", fullName: "Ada", state: "active", language: "en", more: 1 };
		const api = new Api(async (input, init) => {
			seen.push([input, init]);
			return answering(200, { account })(input, init);
		});
		const result = await api.signIn({ email: "a@example.org", password: "correct horse", label: "" });
		expect(result).toMatchObject({ kind: "ok", value: { account: { email: "a@example.org" } } });
		expect(seen[0]?.[0]).toBe("/api/session");
		expect(seen[0]?.[1]).toMatchObject({ method: "POST", credentials: "same-origin" });
	});
	it("names a problem by the last segment of its type", async () => {
		const body = { type: "https://mivisus.com/problems/wrong-credentials", title: "t", status: 401, detail: "No." };
		const result = await new Api(answering(401, body, "application/problem+json")).signIn({
			email: "",
			password: "",
			label: "",
		});
		expect(result).toEqual({ kind: "problem", problem: { code: "wrong-credentials", status: 401, detail: "No." } });
	});
	it("names a problem without a body by its status", async () => {
		const result = await new Api(answering(502, "<html>", "text/html")).cameras();
		expect(result).toMatchObject({ kind: "problem", problem: { code: "http-502" } });
	});
	it("knows when to come again, where the service says so", async () => {
		const body = JSON.stringify({ type: "https://mivisus.com/problems/rate-limited", title: "t", status: 429 });
		const api = new Api(async () => new Response(body, { status: 429, headers: { "Retry-After": "280" } }));
		expect(await api.askReset("a@example.org")).toMatchObject({ problem: { code: "rate-limited", retryAfterS: 280 } });
	});
	it("takes nothing that does not fit the schema", async () => {
		expect(await new Api(answering(200, { cameras: [{ id: "x" }] })).cameras()).toMatchObject({
			problem: { code: "unexpected-answer" },
		});
		expect(await new Api(answering(200, "not json")).cameras()).toMatchObject({
			problem: { code: "unexpected-answer" },
		});
	});
	it("tells no network from an aborted call", async () => {
		const api = new Api(async () => {
			throw new TypeError("failed to fetch");
		});
		expect(await api.cameras()).toMatchObject({ problem: { code: "offline" } });
		const stop = new AbortController();
		stop.abort();
		expect(await api.cameras(stop.signal)).toEqual({ kind: "aborted" });
	});
	it("says when the session is gone, but not for a refused sign-in", async () => {
		let signedOut = 0;
		const api = new Api(answering(401, {}));
		api.onSignedOut = () => {
			signedOut += 1;
		};
		await api.signIn({ email: "", password: "", label: "" });
		await api.session();
		expect(signedOut).toBe(0);
		await api.cameras();
		expect(signedOut).toBe(1);
	});
	it("asks for a proof once when the service wants one, then repeats the call; without it nothing is repeated", async () => {
		const calls: string[] = [];
		let proved = false;
		const refused = { type: "https://mivisus.com/problems/proof-required", title: "t", status: 403 };
		const api = new Api(async (input, init) => {
			calls.push(`${init.method} ${input}`);
			return proved ? answering(204)(input, init) : answering(403, refused)(input, init);
		});
		expect(await api.unlinkAgent("a")).toMatchObject({ problem: { code: "proof-required" } });
		expect(calls).toHaveLength(1);
		api.onProofRequired = async () => {
			proved = true;
			return true;
		};
		expect(await api.unlinkAgent("a")).toEqual({ kind: "ok", value: undefined });
		proved = false;
		api.onProofRequired = async () => true;
		calls.length = 0;
		expect(await api.unlinkAgent("a")).toMatchObject({ problem: { code: "proof-required" } });
		expect(calls).toHaveLength(2);
	});
	it("takes an answer without a body where none is promised", async () => {
		expect(await new Api(answering(204)).signOut()).toEqual({ kind: "ok", value: undefined });
	});
});
