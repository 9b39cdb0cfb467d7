import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeEnrolmentMac, parseEnrolmentFragment } from "@mivisus/wire/enrolment";
import { newId, toBase64Url } from "@mivisus/wire/ids";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { StateStore } from "../secrets/state.ts";
import { type EnrolmentState, WorkerClient } from "../worker-client.ts";
import { enrol } from "./enrol.ts";
import { createIdentity, type Identity, loadIdentity } from "./identity.ts";

const ORIGIN = "https://mivisus.example";
const key = () => toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
const [accountId, agentId] = [newId(), newId()];
const { signal } = new AbortController();

let home: string;
let store: StateStore;
let identity: Identity;
beforeEach(async () => {
	home = mkdtempSync(join(tmpdir(), "mivisus-enrol-"));
	store = await StateStore.open(home, async () => ({ v: 1, identity: await createIdentity(), cameras: [] }));
	identity = await loadIdentity(store.current.identity);
});
afterEach(() => rmSync(home, { recursive: true }));

/** A service whose answers come from a list for each call, the last one again and again: a status, or a body. */
function service(answers: Record<string, (number | (() => unknown))[]>) {
	const asked: string[] = [];
	const fetcher = async (url: string | URL | Request) => {
		const call = String(url).split("/api/agent/")[1] ?? "";
		asked.push(call);
		const list = answers[call] ?? [() => ({})];
		const answer = list.length > 1 ? list.shift()! : list[0]!;
		const body = typeof answer === "number" ? {} : answer();
		return new Response(JSON.stringify(await body), {
			status: typeof answer === "number" ? answer : 200,
			headers: { "mivisus-nonce": "n" },
		});
	};
	return { asked, client: new WorkerClient(ORIGIN, fetcher as typeof fetch) };
}

it("a service that stumbles at each step does not stop the enrolment", async () => {
	let link = "";
	const claimed = async (): Promise<EnrolmentState> => {
		const device = { id: newId(), signKey: key(), sealKey: key(), label: "phone" };
		const { secret, fingerprint } = parseEnrolmentFragment(new URL(link).hash.slice(1))!;
		const claim = { account: accountId, fingerprint, deviceSignKey: device.signKey, deviceSealKey: device.sealKey };
		return { state: "claimed", agentId, accountId, device, mac: await makeEnrolmentMac(secret, claim) };
	};
	const { client, asked } = service({
		enrolments: [500, () => ({ expiresAtMs: Date.now() + 1000 })],
		"enrolments/poll": [503, claimed],
		confirm: [500, () => ({})],
	});
	await enrol({
		client,
		identity,
		store,
		name: "home",
		signal,
		onLink: (url) => {
			link = url;
		},
	});
	expect(asked.filter((call) => call !== "challenge")).toEqual([
		"enrolments",
		"enrolments",
		"enrolments/poll",
		"enrolments/poll",
		"confirm",
		"confirm",
	]);
	expect(store.current.enrolment).toMatchObject({ agentId, accountId, devices: [{ label: "phone", counter: 0 }] });
});

it("one more browser loses no counter of another whose command was obeyed meanwhile", async () => {
	const phone = { id: newId(), signKey: key(), sealKey: key(), label: "phone", counter: 4 };
	store.save({ ...store.current, enrolment: { agentId, accountId, devices: [phone] } });
	let link = "";
	const verify = crypto.subtle.verify.bind(crypto.subtle);
	const looking = vi.spyOn(crypto.subtle, "verify").mockImplementationOnce((...given) => {
		store.save({ ...store.current, enrolment: { agentId, accountId, devices: [{ ...phone, counter: 5 }] } });
		return verify(...given);
	});
	const { client } = service({
		enrolments: [() => ({ expiresAtMs: Date.now() + 1000 })],
		"enrolments/poll": [
			async () => {
				const device = { id: newId(), signKey: key(), sealKey: key(), label: "laptop" };
				const { secret, fingerprint } = parseEnrolmentFragment(new URL(link).hash.slice(1))!;
				const claim = { account: accountId, fingerprint, deviceSignKey: device.signKey, deviceSealKey: device.sealKey };
				return { state: "claimed", agentId, accountId, device, mac: await makeEnrolmentMac(secret, claim) };
			},
		],
	});
	const onLink = (url: string) => {
		link = url;
	};
	await enrol({ client, identity, store, name: "home", signal, onLink });
	expect(looking).toHaveBeenCalledOnce();
	expect(store.current.enrolment?.devices).toMatchObject([
		{ label: "phone", counter: 5 },
		{ label: "laptop", counter: 0 },
	]);
});

it("a link that ran out is told, not asked for again", async () => {
	const { client, asked } = service({
		enrolments: [() => ({ expiresAtMs: Date.now() + 1000 })],
		"enrolments/poll": [410],
	});
	const enrolment = enrol({ client, identity, store, name: "home", onLink: () => {}, signal });
	await expect(enrolment).rejects.toThrow(expect.objectContaining({ status: 410 }));
	expect(asked).toEqual(["enrolments", "enrolments/poll"]);
	expect(store.current.enrolment).toBeUndefined();
});
