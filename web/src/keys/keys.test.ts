import { agentFingerprint, newEnrolmentSecrets, verifyEnrolmentMac } from "@mivisus/wire/enrolment";
import { fromBase64Url, newId, toBase64Url } from "@mivisus/wire/ids";
import { newSealKeys, openCamera } from "@mivisus/wire/seal";
import { type CameraAccess, Command, Domain, importSignKey, openStatement } from "@mivisus/wire/signed";
import { beforeEach, describe, expect, it } from "vitest";
import { Api } from "../api/client.ts";
import { sameKeys, signCameraAccess, signCommand } from "./command.ts";
import { browserLabel, deviceFor } from "./device.ts";
import { claim, examine } from "./enrol.ts";
import { MemoryVault } from "./testing/memory-vault.ts";
import type { Pin } from "./vault.ts";

const [account, agentId, deviceId] = [newId(), newId(), newId()];
const { code, secret } = newEnrolmentSecrets();
let vault: MemoryVault;
let agent: { signKey: string; sealKey: string; sealPrivate: Uint8Array<ArrayBuffer> };
let fragment: string;
beforeEach(async () => {
	vault = new MemoryVault();
	const seal = await newSealKeys();
	const signKey = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
	agent = { signKey, sealKey: toBase64Url(seal.publicKey), sealPrivate: seal.privateKey };
	fragment = `${code}.${await agentFingerprint(agent.signKey, agent.sealKey)}.${secret}`;
});

/** A service that answers by path and keeps what it was sent. */
function service(answers: Record<string, [number, unknown]>) {
	const sent: Record<string, Record<string, string>> = {};
	const api = new Api(async (path, init) => {
		sent[path] = JSON.parse(String(init.body ?? "null"));
		const [status, body] = answers[path] ?? [404, {}];
		return new Response(JSON.stringify(body), { status });
	});
	return { api, sent };
}
const honest = () =>
	service({
		"/api/enrolments/lookup": [200, { signKey: agent.signKey, sealKey: agent.sealKey, name: "attic" }],
		"/api/enrolments/claim": [200, { agentId, deviceId }],
	});

describe("linking an agent", () => {
	it("pins the keys of the link, and proves this browser's keys with a secret that the service never sees", async () => {
		const { api, sent } = honest();
		const found = await examine(api, vault, account, fragment);
		if (!found.ok) throw new Error(found.refusal.code);
		expect(await claim(api, vault, account, found.value, "Chrome")).toEqual({ ok: true, value: { agentId, deviceId } });
		const body = sent["/api/enrolments/claim"]!;
		const fingerprint = await agentFingerprint(agent.signKey, agent.sealKey);
		const { deviceSignKey, deviceSealKey, mac } = body as Record<"deviceSignKey" | "deviceSealKey" | "mac", string>;
		expect(await verifyEnrolmentMac(secret, { account, fingerprint, deviceSignKey, deviceSealKey }, mac)).toBe(true);
		expect(JSON.stringify(sent)).not.toContain(secret);
		expect(await vault.pin(agentId)).toMatchObject({ signKey: agent.signKey, sealKey: agent.sealKey, deviceId });
	});
	it("refuses keys that are not the link's, and then sends nothing more", async () => {
		const { api, sent } = service({
			"/api/enrolments/lookup": [200, { signKey: agent.sealKey, sealKey: agent.sealKey, name: "attic" }],
		});
		expect(await examine(api, vault, account, fragment)).toEqual({
			ok: false,
			refusal: { code: "fingerprint-mismatch" },
		});
		expect(Object.keys(sent)).toEqual(["/api/enrolments/lookup"]);
	});
	it("says in a word what is wrong with the link", async () => {
		const { api } = service({ "/api/enrolments/lookup": [410, {}] });
		expect(await examine(api, vault, account, fragment)).toEqual({ ok: false, refusal: { code: "expired" } });
		for (const bad of ["", "abc", fragment.slice(0, -1), `${fragment}.x`]) {
			expect(await examine(api, vault, account, bad)).toEqual({ ok: false, refusal: { code: "bad-link" } });
		}
	});
	it("a used link is no error where this very browser used it and the agent obeys it", async () => {
		const device = { id: deviceId, confirmed: true };
		const pin = { agentId, account, name: "attic", signKey: agent.signKey, sealKey: agent.sealKey, deviceId };
		const opened = async (devices: object[]) => {
			const { api } = service({ "/api/enrolments/lookup": [410, {}], "/api/devices": [200, { devices }] });
			const found = await examine(api, vault, account, fragment);
			return found.ok ? undefined : found.refusal;
		};
		expect(await opened([device])).toEqual({ code: "expired" });
		await vault.savePin(pin);
		expect(await opened([device])).toEqual({ code: "linked-already", name: "attic" });
		for (const devices of [[], [{ ...device, confirmed: false }], [{ ...device, id: newId() }]]) {
			expect(await opened(devices)).toEqual({ code: "expired" });
		}
		await vault.savePin({ ...pin, signKey: agent.sealKey });
		expect(await opened([device])).toEqual({ code: "expired" });
	});
	it("makes keys once, and no code can read their private halves", async () => {
		const device = await deviceFor(vault, account);
		expect(await deviceFor(vault, account)).toBe(device);
		for (const key of [device.sign.privateKey, device.seal.privateKey]) {
			expect(key.extractable).toBe(false);
			await expect(crypto.subtle.exportKey("pkcs8", key)).rejects.toThrow();
		}
	});
});

describe("an order to an agent", () => {
	const camera = newId();
	const access: CameraAccess = {
		v: 1,
		url: { scheme: "rtsp", host: "192.0.2.1", port: 554, path: "/" },
		user: " admin",
		password: "p@ss w#rd ",
	};
	let pin: Pin;
	beforeEach(async () => {
		pin = { agentId, account, name: "attic", signKey: agent.signKey, sealKey: agent.sealKey, deviceId };
		await deviceFor(vault, account);
	});
	const open = async (statement: string) => {
		const key = await importSignKey(fromBase64Url((await vault.device(account))!.signKey));
		const opened = await openStatement(key, Domain.command, Command, statement);
		if (!opened.ok) throw new Error(opened.refusal);
		return opened.value;
	};
	it("carries the camera's access, letter by letter, for the pinned agent alone", async () => {
		const statement = await signCameraAccess(vault, pin, camera, access);
		const command = await open(statement);
		expect(command).toMatchObject({ type: "camera.set", agent: agentId, camera, device: deviceId });
		const box = fromBase64Url(command.sealed!);
		const plain = await openCamera(agent.sealPrivate, { account, agent: agentId, camera }, box);
		expect(JSON.parse(new TextDecoder().decode(plain))).toEqual(access);
		expect(await openCamera(agent.sealPrivate, { account, agent: agentId, camera: newId() }, box)).toBeUndefined();
		expect(atob(statement.split(".")[0]!.replaceAll("-", "+").replaceAll("_", "/"))).not.toContain("p@ss");
	});
	it("has a counter that grows over all kinds of orders", async () => {
		const first = await open(await signCommand(vault, pin, { type: "camera.sound", camera, on: true }));
		const second = await open(await signCommand(vault, pin, { type: "camera.remove", camera }));
		expect(second.counter).toBe(first.counter + 1);
		expect(first.on).toBe(true);
	});
	it("notices when the service shows another key than the pinned one", () => {
		expect(sameKeys(pin, agent)).toBe(true);
		expect(sameKeys(pin, { ...agent, sealKey: agent.signKey })).toBe(false);
		expect(sameKeys(pin, { ...agent, signKey: agent.sealKey })).toBe(false);
	});
});

it("names a browser as a person would", () => {
	expect(browserLabel("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0")).toBe("Firefox, Linux");
	expect(browserLabel("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/156.0 Safari/537.36 Edg/156.0")).toBe(
		"Edge, Windows",
	);
	expect(browserLabel("curl/8")).toBe("Browser");
});
