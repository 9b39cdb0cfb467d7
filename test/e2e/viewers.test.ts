import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { MoqPeer } from "@mivisus/transport/moq/peer";
import { Track } from "@mivisus/wire/catalog";
import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { newId } from "@mivisus/wire/ids";
import { Priority } from "@mivisus/wire/moq/subscribe";
import { CLOCK } from "@mivisus/wire/relay-tracks";
import { importSigningKey, type RelayClaims, type SigningKey, signRelayToken } from "@mivisus/wire/token";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Owner } from "../../scripts/start/owner.ts";
import { addCamera, CAMILLE, linkAgent, signIn, signUp } from "./person.ts";
import { toldIn } from "./secrets.ts";
import { Stage } from "./stage.ts";
import type { System } from "./system.ts";
import { madeAfter, readStamp, untilStamp } from "./timecode.ts";
import { type Access, visit } from "./visitor.ts";

const CAMERA = { user: "viewer", password: "test-camera" };
const EVE = { email: "eve@example.test", fullName: "Eve", password: "another calm sentence" };

let stage: Stage;
let system: System;
let context: BrowserContext;
/** The owner's window with the front door's running picture. */
let page: Page;
let frontDoor: string;
let garden: string;
/** The owner again, and somebody with an account of her own, without a browser. */
const owner = {} as { camille: Owner; eve: Owner };
let workerKey: SigningKey;

beforeAll(async () => {
	stage = await Stage.open(CAMERA);
	({ system, context, page } = stage);
	await signUp(system);
	await signIn(page, system.origin);
	await linkAgent(page, (await system.startAgent("tcp")) ?? "");
	await addCamera(page, system.origin, { name: "Garden", ...CAMERA, ...stage.camera });
	garden = page.url().slice(-22);
	await addCamera(page, system.origin, { name: "Front door", ...CAMERA, ...stage.camera });
	frontDoor = page.url().slice(-22);
	await untilStamp(page, 10_000);
	owner.camille = new Owner(system.origin);
	await owner.camille.signIn(CAMILLE.email, CAMILLE.password);
	owner.eve = new Owner(system.origin);
	await signUp(system, EVE);
	await owner.eve.signIn(EVE.email, EVE.password);
	const secrets = JSON.parse(readFileSync(join(system.home, "secrets/worker.json"), "utf8"));
	workerKey = await importSigningKey(secrets.tokenKey);
}, 60_000);
afterAll(async () => {
	await stage?.close();
});

/** What the worker gives to the owner who wants to see the front door. */
const access = () => owner.camille.call<Access>("POST", "/relay-token", { cameras: [frontDoor] });
/** The same, signed by the test with the worker's key, but for what is changed in it. */
async function accessWith(change: Partial<RelayClaims> = {}, agoS = 0): Promise<Access> {
	const { url, certificateHashes } = await access();
	const root = change.root ?? owner.camille.accountId;
	const iat = Math.floor(Date.now() / 1000) - agoS;
	const claims: RelayClaims = {
		root,
		put: [`.peer/${newId()}`],
		get: [frontDoor],
		iat,
		exp: iat + 2,
		aud: "relay-1",
		jti: newId(),
		mivisus: { until: iat + 3600, ref: [`account:${root}`, `camera:${frontDoor}`] },
		...change,
	};
	return { url: url.replace(/[^/]+$/, root), certificateHashes, token: await signRelayToken(claims, workerKey) };
}
/** What the relay shows to who came in, until its clock has ticked three times; then the visitor leaves. */
async function seenBy(visitor: MoqPeer) {
	const announced: string[] = [];
	const announcements = await visitor.announced("");
	void (async () => {
		for await (const { suffix } of announcements) announced.push(suffix);
	})();
	const groups: Record<string, boolean | number> = {};
	for (const [track, priority] of [
		[Track.catalog, Priority.catalog],
		[Track.video, Priority.video],
	] as const) {
		const asked = visitor.subscribe(frontDoor, track, priority);
		groups[track] = await asked.then(
			async (subscription) => !(await subscription.groups[Symbol.asyncIterator]().next()).done,
			(error) => error.code,
		);
	}
	const clock = await visitor.subscribe(CLOCK.broadcast, CLOCK.track, Priority.relay);
	const { value: ticks } = await clock.groups[Symbol.asyncIterator]().next();
	for (let tick = 0; tick < 3; tick++) await ticks?.next();
	visitor.close();
	return { announced, ...groups };
}
const everything = () => ({ announced: [frontDoor], [Track.catalog]: true, [Track.video]: true });
const NOTHING = {
	announced: [],
	[Track.catalog]: WIRE_ERROR_CODES["not-found"],
	[Track.video]: WIRE_ERROR_CODES["not-found"],
};
/** How many the relay counts as refused for this reason. */
async function refusedAs(word: string): Promise<number> {
	const text = await (await fetch(`${system.relayControl}/metrics`)).text();
	return Number(new RegExp(`_sessions_refused_total\\{reason="${word}"\\} (\\d+)`).exec(text)?.[1]);
}
/** Is not let in. HTTP tells the visitor no reason; the relay's counts have the word for it. */
async function expectRefused(visitor: Access, word: string): Promise<void> {
	const before = await refusedAs(word);
	await expect(visit(visitor)).rejects.toThrow("no WebTransport session with");
	expect(await refusedAs(word)).toBe(before + 1);
}

describe("at the relay", () => {
	it("who holds a token of the worker sees its camera, and no other one", async () => {
		expect(await seenBy(await visit(await access()))).toEqual(everything());
	});
	it("control: so does a token that the test signed, as those are from which the refused ones differ", async () => {
		expect(await seenBy(await visit(await accessWith()))).toEqual(everything());
	});
	it("nobody comes in without a token", async () => {
		await expectRefused({ ...(await access()), token: "" }, "no-token");
	});
	it("nor with one that has run out", async () => {
		await expectRefused(await accessWith({}, 3), "token-expired");
	});
	it("nor with one that was used already", async () => {
		const used = await access();
		const first = await visit(used);
		await expectRefused(used, "token-used");
		first.close();
		await first.closed;
		await expectRefused(used, "token-used");
	});
	it("nor with a signature that does not fit, or a word changed under one that did", async () => {
		const good = await access();
		const [header, payload, signature = ""] = good.token.split(".");
		const at = signature.length >> 1;
		const broken = `${signature.slice(0, at)}${signature[at] === "A" ? "B" : "A"}${signature.slice(at + 1)}`;
		await expectRefused({ ...good, token: `${header}.${payload}.${broken}` }, "token-bad-signature");
		const claims = JSON.parse(Buffer.from(payload ?? "", "base64url").toString());
		const more = Buffer.from(JSON.stringify({ ...claims, get: [frontDoor, garden] })).toString("base64url");
		await expectRefused({ ...good, token: `${header}.${more}.${signature}` }, "token-bad-signature");
		expect(await seenBy(await visit(good))).toEqual(everything());
	});
	it("another account's token opens no door of this one, and shows nothing of it at its own", async () => {
		const eves = { root: owner.eve.accountId };
		const { url } = await access();
		await expectRefused({ ...(await accessWith(eves)), url }, "path-is-not-root");
		expect(await seenBy(await visit(await accessWith(eves)))).toEqual(NOTHING);
	});
	it("a token for another camera of the same account shows nothing of this one", async () => {
		const seen = await seenBy(await visit(await accessWith({ get: [garden] })));
		expect(seen).toEqual({ ...NOTHING, announced: [garden] });
	});
});

describe("at the service", () => {
	it("another account gets no token for the camera, and can neither see, rename nor delete it", async () => {
		const { eve, camille } = owner;
		const before = await camille.call("GET", "/cameras");
		await expect(eve.call("POST", "/relay-token", { cameras: [frontDoor] })).rejects.toThrow(/ 404 .*not-found/);
		await expect(eve.call("PATCH", `/cameras/${frontDoor}`, { name: "Mine" })).rejects.toThrow(/ 404 .*not-found/);
		await expect(eve.call("DELETE", `/cameras/${frontDoor}`, {})).rejects.toThrow(/ 404 .*not-found/);
		expect(await eve.call("GET", "/cameras")).toEqual({ cameras: [] });
		expect(await eve.call("GET", "/agents")).toEqual({ agents: [] });
		expect(await camille.call("GET", "/cameras")).toEqual(before);
	});
	it("nor who is not signed in", async () => {
		const nobody = new Owner(system.origin);
		await expect(nobody.call("POST", "/relay-token", { cameras: [frontDoor] })).rejects.toThrow(/ 401 .*unauthorized/);
		await expect(nobody.call("GET", "/cameras")).rejects.toThrow(/ 401 .*unauthorized/);
		await expect(nobody.call("DELETE", `/cameras/${frontDoor}`, {})).rejects.toThrow(/ 401 .*unauthorized/);
	});
	it("all the while the owner's picture runs", async () => {
		await untilStamp(page, 5000, madeAfter(Date.now()));
	});
});

describe("the owner deletes the camera in a second window", () => {
	it("who watches it is told within 5 s, and sees and gets no more of it; the other camera goes on", async () => {
		const unused = await access();
		const visitor = await visit(await access());
		await visitor.subscribe(frontDoor, Track.video, Priority.video);
		const other = await context.newPage();
		await other.goto(`${system.origin}/cameras/${garden}`);
		await untilStamp(other, 10_000);
		const settings = await context.newPage();
		await settings.goto(`${system.origin}/cameras/${frontDoor}/settings`);
		await settings.getByRole("button", { name: "Delete this camera" }).click();
		await settings.getByRole("button", { name: "Delete it" }).click();
		const deleted = Date.now();
		const words = page.getByText("This camera was deleted, or it is not yours.");
		await words.waitFor({ timeout: 5000 });
		expect(await readStamp(page)).toBeNull();
		expect(await visitor.closed).toMatchObject({ code: WIRE_ERROR_CODES.revoked, reason: "revoked" });
		expect(Date.now() - deleted).toBeLessThan(5000);
		await expectRefused(unused, "revoked");
		await expect(access()).rejects.toThrow(/ 404 .*not-found/);
		await untilStamp(other, 5000, madeAfter(Date.now()));
		expect(await words.isVisible()).toBe(true);
	});
	it("P1: of all that was refused above, no log has a token, a name or whose it was", async () => {
		const people = [CAMILLE, EVE].flatMap(({ email, password }) => [email, password]);
		const ids = [owner.camille.accountId, owner.eve.accountId, frontDoor, garden];
		expect(toldIn(system.output, [...people, CAMILLE.fullName, CAMERA.password, "Front door", ...ids])).toEqual([]);
		const refused = await Promise.all(["no-token", "token-used", "token-bad-signature"].map(refusedAs));
		expect(refused.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(3);
	});
});
