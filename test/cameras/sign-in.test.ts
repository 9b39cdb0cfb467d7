/** R01-R03 of the field's faults: passwords and challenges, each variant over real sockets. */
import { parseRtspUrl } from "@mivisus/agent/rtsp/url";
import { describe, expect, it } from "vitest";
import { AUDIO_SDP, type Peer, SDP } from "./scripted.ts";
import { digest, shows } from "./watched.ts";

const authorizations = (peer: Peer | undefined) =>
	(peer?.requests ?? []).flatMap(({ method, headers }) => {
		const value = headers.get("authorization");
		return value === undefined ? [] : [{ method, value }];
	});
const names = (authorization: string) => [...authorization.matchAll(/[ ,](\w+)=/g)].map(([, name]) => name);
const account = { user: "viewer", password: "secret" };
describe("R01: an address pasted as a whole", () => {
	const passwords = ["P@ss", "a:b", "a%0Xb", "50%", "pa##X", "a/b", "a?b", "p{q", "a^b", "é"];
	it.each(
		passwords.flatMap((password) => [
			[password, password],
			[password, encodeURIComponent(password)],
		]),
	)("signs in with %s when it was written as %s", async (password, written) => {
		const parsed = parseRtspUrl(`rtsp://viewer:${written}@127.0.0.1:8554/live`);
		if (!parsed.ok) throw new Error(parsed.problem);
		const { camera, witness } = await shows(
			{ auth: { user: "viewer", password, challenges: [digest()] } },
			{ user: parsed.access.user!, password: parsed.access.password!.reveal() },
		);
		const sent = camera.peers[0]!.requests.map(({ url, headers }) => `${url} ${[...headers.values()].join()}`).join();
		expect(sent).not.toContain("viewer:");
		expect(witness.everything).not.toContain(password);
	});
});

describe("R02: digest exactly as challenged", () => {
	const challenged = (challenge: string, hash: "md5" | "sha256" = "md5") =>
		shows({ auth: { ...account, challenges: [challenge], hash }, sdp: SDP + AUDIO_SDP }, account);

	it("(a) with qop: qop, an nc of 8 digits that grows with each use, a fresh cnonce each time", async () => {
		const { camera } = await challenged(digest("cam", ', qop="auth", algorithm=MD5'));
		const sent = authorizations(camera.peers[0]).map(({ value }) => value);
		expect(sent.length).toBeGreaterThanOrEqual(4);
		for (const value of sent) expect(value).toMatch(/, qop=auth, nc=[0-9a-f]{8}, cnonce="[0-9a-f]{16,}"/);
		expect(sent.map((value) => Number.parseInt(/nc=(\w+)/.exec(value)?.[1] ?? "", 16))).toEqual(
			sent.map((_, index) => index + 1),
		);
		expect(new Set(sent.map((value) => /cnonce="(\w+)"/.exec(value)?.[1])).size).toBe(sent.length);
	});
	it("(b) SHA-256 quoted, no qop: the five old fields and the algorithm, nothing more", async () => {
		const { camera } = await challenged(digest("cam", ', algorithm="SHA-256", stale="FALSE"'), "sha256");
		for (const { value } of authorizations(camera.peers[0])) {
			expect(names(value)).toEqual(["username", "realm", "nonce", "uri", "response", "algorithm"]);
		}
	});
	it("without algorithm and qop: the five old fields alone", async () => {
		const { camera } = await challenged(digest());
		const sent = authorizations(camera.peers[0]);
		expect(sent.length).toBeGreaterThan(0);
		for (const { value } of sent) expect(names(value)).toEqual(["username", "realm", "nonce", "uri", "response"]);
	});
	it("a nonce that expires between two requests costs one more turn each time, not the session", async () => {
		let asked = 0;
		await shows(
			{
				answer: ({ method, headers }) => {
					if (method === "OPTIONS" || method === "TEARDOWN") return undefined;
					const fresh = `nonce="n${asked}"`;
					if (headers.get("authorization")?.includes(fresh)) {
						asked += 1;
						return undefined;
					}
					return { status: 401, headers: { "WWW-Authenticate": `Digest realm="cam", ${fresh}, stale=TRUE` } };
				},
			},
			account,
		);
		expect(asked).toBe(3);
	});
});

describe("R03: Basic beside Digest is never used", () => {
	const odd = 'IP, Basic x "C1"';
	it.each<[string, string[], string]>([
		["(a) Basic first", ['Basic realm="/"', digest("IP Camera(C1)", ', stale="FALSE"')], "IP Camera(C1)"],
		["(b) Digest first", [digest("IP Camera(C1)", ', stale="FALSE"'), 'Basic realm="/"'], "IP Camera(C1)"],
		["(c) both in one header", [`Basic realm="/", ${digest()}`], "cam"],
		["(c) the other way round", [`${digest()}, Basic realm="/"`], "cam"],
		["(d) a realm that reads like another offer", [digest(odd.replace(/"/g, '\\"'))], odd],
	])("%s", async (_name, challenges, realm) => {
		const { camera } = await shows({ auth: { ...account, challenges, realm } }, account);
		for (const { value } of authorizations(camera.peers[0])) {
			expect(value).toMatch(/^Digest /);
			expect(value).toContain(`realm="${realm.replace(/"/g, '\\"')}"`);
		}
	});
	it("Basic alone is answered with Basic", async () => {
		const wanted = `Basic ${Buffer.from("viewer:secret").toString("base64")}`;
		await shows(
			{
				answer: ({ method, headers }) =>
					method === "OPTIONS" || headers.get("authorization") === wanted
						? undefined
						: { status: 401, headers: { "WWW-Authenticate": 'Basic realm="/"' } },
			},
			account,
		);
	});
});
