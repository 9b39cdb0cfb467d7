import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBase64Url, newId, toBase64Url } from "@mivisus/wire/ids";
import { type CryptoKeyPair, exportKey, newSignKeys } from "@mivisus/wire/keys";
import { sealCamera } from "@mivisus/wire/seal";
import { type CameraAccess, type Command, Domain, signStatement } from "@mivisus/wire/signed";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StateStore } from "../secrets/state.ts";
import { acknowledged, type CommandRefusal, obey, openAccess } from "./commands.ts";
import { createIdentity, type Identity, loadIdentity } from "./identity.ts";

const PASSWORD = "S3cr@t#?";
const [account, agent, camera, device] = [newId(), newId(), newId(), newId()];
const access: CameraAccess = {
	v: 1,
	url: { scheme: "rtsp", host: "192.0.2.10", port: 554, path: "/live" },
	user: "viewer",
	password: PASSWORD,
};

let home: string;
let store: StateStore;
let identity: Identity;
let keys: CryptoKeyPair;
beforeEach(async () => {
	home = mkdtempSync(join(tmpdir(), "mivisus-agent-"));
	keys = await newSignKeys(true);
	const signKey = await exportKey("raw", keys.publicKey);
	store = await StateStore.open(home, async () => ({
		v: 1,
		identity: await createIdentity(),
		enrolment: {
			agentId: agent,
			accountId: account,
			devices: [{ id: device, signKey, sealKey: signKey, label: "phone", counter: 0 }],
		},
		cameras: [],
	}));
	identity = await loadIdentity(store.current.identity);
});
afterEach(() => rmSync(home, { recursive: true }));

const seal = async (place = { account, agent, camera }) =>
	toBase64Url(
		await sealCamera(fromBase64Url(identity.sealPublic), place, new TextEncoder().encode(JSON.stringify(access))),
	);
const command = (fields: Partial<Command>): Command => ({
	v: 1,
	id: newId(),
	type: "camera.set",
	agent,
	camera,
	device,
	counter: 1,
	iat: 0,
	...fields,
});
const sign = (value: unknown, signer = keys) => signStatement(signer.privateKey, Domain.command, value);
const refusal = async (statement: string): Promise<CommandRefusal | undefined> => {
	const outcome = await obey(store, identity, statement);
	if (outcome.state !== "refused") return undefined;
	expect(outcome.detail.length).toBeGreaterThan(20);
	return outcome.code;
};

it("A12: a camera that was switched off here, removed and set again from outside is off still", async () => {
	const privacy = { mode: "off" as const, hours: [] };
	const sealed = await seal();
	store.save({ ...store.current, cameras: [{ id: camera, sealed, sound: true, privacy }] });
	expect(await refusal(await sign(command({ type: "camera.remove", counter: 1 })))).toBeUndefined();
	expect(store.current.cameras).toEqual([]);
	expect(await refusal(await sign(command({ sealed, counter: 2 })))).toBeUndefined();
	expect(store.current.cameras).toEqual([{ id: camera, sealed, sound: false, privacy }]);
	expect(store.current.removed).toBeUndefined();
});

describe("a command", () => {
	it("that the owner signed is carried out, and stored before the answer", async () => {
		const outcome = await obey(store, identity, await sign(command({ sealed: await seal() })));
		expect(outcome).toMatchObject({ state: "done", access });
		const again = await StateStore.open(home, () => Promise.reject(new Error("lost")));
		expect(again.current.cameras).toMatchObject([{ id: camera, sound: false }]);
		expect(again.current.enrolment?.devices[0]?.counter).toBe(1);
		expect(await openAccess(again.current, identity, camera, again.current.cameras[0]!.sealed)).toEqual(access);
	});
	it("A13: the camera's password stands in no file of the agent, in no form", async () => {
		await obey(store, identity, await sign(command({ sealed: await seal() })));
		const file = readFileSync(join(home, "state.json"), "utf8");
		for (const form of [
			PASSWORD,
			encodeURIComponent(PASSWORD),
			Buffer.from(PASSWORD).toString("base64").replace(/=+$/, ""),
			Buffer.from(PASSWORD).toString("hex"),
		]) {
			expect(file).not.toContain(form);
		}
	});
	it("that comes again because the service did not take the answer is done, also after a restart; later it is a replay", async () => {
		const first = command({ sealed: await seal() });
		const statement = await sign(first);
		await obey(store, identity, statement);
		store = await StateStore.open(home, () => Promise.reject(new Error("lost")));
		expect((await obey(store, identity, statement)).state).toBe("done");
		// Another one with the same counter is none that was carried out.
		expect(await refusal(await sign(command({ type: "camera.remove" })))).toBe("replayed");
		acknowledged(store, first);
		expect(await refusal(statement)).toBe("replayed");
		expect(store.current.cameras).toHaveLength(1);
	});
	it("sound follows the owner's word; a camera set again keeps it", async () => {
		await obey(store, identity, await sign(command({ sealed: await seal() })));
		await obey(store, identity, await sign(command({ type: "camera.sound", on: true, counter: 2 })));
		await obey(store, identity, await sign(command({ sealed: await seal(), counter: 3 })));
		expect(store.current.cameras[0]?.sound).toBe(true);
		await obey(store, identity, await sign(command({ type: "camera.remove", counter: 4 })));
		expect(store.current.cameras).toEqual([]);
	});
});

describe("the worker as attacker is refused, in words", () => {
	it("a replayed command", async () => {
		const value = command({ sealed: await seal() });
		const statement = await sign(value);
		await obey(store, identity, statement);
		acknowledged(store, value);
		expect(await refusal(statement)).toBe("replayed");
	});
	it("an unsigned one, one by a stranger, one with a changed field", async () => {
		const value = command({ sealed: await seal() });
		const stranger = await newSignKeys(true);
		const [body] = (await sign(value)).split(".");
		expect(await refusal(`${body}.AAAA`)).toBe("bad-signature");
		expect(await refusal(await sign(value, stranger))).toBe("bad-signature");
		expect(await refusal(await sign({ ...value, device: newId() }))).toBe("unknown-device");
		const [, mark] = (await sign(value)).split(".");
		expect(
			await refusal(`${toBase64Url(new TextEncoder().encode(JSON.stringify({ ...value, counter: 9 })))}.${mark}`),
		).toBe("bad-signature");
		expect(await refusal("nonsense")).toBe("malformed");
	});
	it("one for another agent, a box moved from another camera or changed", async () => {
		expect(await refusal(await sign(command({ agent: newId(), sealed: await seal() })))).toBe("wrong-agent");
		expect(await refusal(await sign(command({ sealed: await seal({ account, agent, camera: newId() }) })))).toBe(
			"not-for-this-agent",
		);
		const box = fromBase64Url(await seal());
		box[box.length - 1] = box[box.length - 1]! ^ 1;
		expect(await refusal(await sign(command({ sealed: toBase64Url(box) })))).toBe("not-for-this-agent");
		expect(store.current.cameras).toEqual([]);
		expect(store.current.enrolment?.devices[0]?.counter).toBe(0);
	});
	it("sound for a camera that is not there", async () => {
		expect(await refusal(await sign(command({ type: "camera.sound", on: true })))).toBe("unknown-camera");
	});
});
