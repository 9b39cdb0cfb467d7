import { newId, toBase64Url } from "@mivisus/wire/ids";
import { newSealKeys } from "@mivisus/wire/seal";
import type { CameraAccess } from "@mivisus/wire/signed";
import { beforeEach, describe, expect, it } from "vitest";
import { Api } from "../api/client.ts";
import { deviceFor } from "../keys/device.ts";
import { MemoryVault } from "../keys/testing/memory-vault.ts";
import type { Pin } from "../keys/vault.ts";
import { endText, orderAccess, orderId } from "./orders.ts";

const account = newId();
const access: CameraAccess = { v: 1, url: { scheme: "rtsp", host: "cam", port: 554, path: "/" }, password: "S3cr@t" };
let vault: MemoryVault;
let pin: Pin;
let shown: Pick<Pin, "signKey" | "sealKey"> & { id?: string };
/** What the agent says to whatever it is sent. */
let word: { state: "done" | "refused"; code?: string; detail?: string };
let asked: string[];
beforeEach(async () => {
	vault = new MemoryVault();
	await deviceFor(vault, account);
	const signKey = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
	const sealKey = toBase64Url((await newSealKeys()).publicKey);
	shown = { signKey, sealKey };
	pin = { agentId: newId(), account, name: "attic", signKey, sealKey, deviceId: newId() };
	word = { state: "done" };
	asked = [];
});
const api = new Api(async (path) => {
	asked.push(path);
	const agent = { id: pin.agentId, name: "attic", state: "active", createdAtMs: 0, ...shown };
	return new Response(JSON.stringify(path === "/api/agents" ? { agents: [agent] } : { id: path.slice(-22), ...word }));
});
const order = async (deliver = async (_: string) => ({ kind: "ok", value: undefined }) as never) => {
	const steps: string[] = [];
	let command = "";
	const end = await orderAccess(
		{ api, vault },
		{ pin, camera: newId(), access },
		(statement) => {
			command = statement;
			return deliver(statement);
		},
		(step) => steps.push(step),
		new AbortController().signal,
	);
	return { end, steps, command };
};

describe("an order for a camera's address", () => {
	it("is sealed, delivered, and answered by the agent", async () => {
		const { end, steps, command } = await order();
		expect(end).toEqual({ end: "done" });
		expect(steps).toEqual(["sending", "waiting"]);
		expect(asked).toEqual(["/api/agents", `/api/commands/${orderId(command)}`]);
		expect(endText(end)).toBeUndefined();
	});
	it("is not even signed when the service shows another key, or the agent no more", async () => {
		const genuine = shown;
		const changes = [{ sealKey: genuine.signKey }, { signKey: genuine.sealKey }, { id: newId() }];
		for (const change of changes) {
			shown = { ...genuine, ...change };
			const { end, steps, command } = await order();
			expect([end, steps, command]).toEqual([{ end: "key-changed" }, [], ""]);
			expect(endText(end)?.kind).toBe("problem");
		}
	});
	it("ends where the service refuses it, and is not asked after then", async () => {
		const problem = { code: "not-found", status: 404, detail: "" };
		const { end, steps } = await order(async () => ({ kind: "problem", problem }) as never);
		expect([end, steps, asked]).toEqual([{ end: "problem", problem }, ["sending"], ["/api/agents"]]);
		expect(endText(end)?.kind).toBe("problem");
	});
	it("says why the agent refused it", async () => {
		word = { state: "refused", code: "replayed", detail: "Too old." };
		const { end } = await order();
		expect(endText(end)).toEqual({ kind: "problem", text: "The agent refused: Too old." });
	});
});
