import { agentFingerprint, makeEnrolmentMac, parseEnrolmentFragment } from "@mivisus/wire/enrolment";
import type { Api, Problem } from "../api/client.ts";
import { deviceFor } from "./device.ts";
import type { Pin, Vault } from "./vault.ts";

/** Why a link could not be used. */
export type EnrolRefusal =
	| { code: "bad-link" | "expired" | "fingerprint-mismatch" | "browser" }
	/** It was used by this very browser, and the agent obeys it. */
	| { code: "linked-already"; name: string }
	| { code: "problem"; problem: Problem };
export type Outcome<T> = { ok: true; value: T } | { ok: false; refusal: EnrolRefusal };

/** The agent that a link speaks of; its keys were checked against the link's fingerprint. */
export interface Candidate {
	code: string;
	secret: string;
	fingerprint: string;
	name: string;
	signKey: string;
	sealKey: string;
}

const refuse = (refusal: EnrolRefusal): { ok: false; refusal: EnrolRefusal } => ({ ok: false, refusal });
const ofProblem = (problem: Problem) =>
	refuse([404, 409, 410].includes(problem.status) ? { code: "expired" } : { code: "problem", problem });

/** Looks the link up and compares the keys that the cloud presents with the link's fingerprint. */
export async function examine(api: Api, vault: Vault, account: string, fragment: string): Promise<Outcome<Candidate>> {
	const link = parseEnrolmentFragment(fragment);
	if (!link) return refuse({ code: "bad-link" });
	const found = await api.lookupEnrolment(link.code);
	if (found.kind !== "ok") {
		const refused = ofProblem(found.kind === "problem" ? found.problem : { code: "aborted", status: 0, detail: "" });
		const linked = refused.refusal.code === "expired" && (await linkedHere(api, vault, account, link.fingerprint));
		return linked ? refuse({ code: "linked-already", name: linked.name }) : refused;
	}
	const { signKey, sealKey, name } = found.value;
	if ((await agentFingerprint(signKey, sealKey)) !== link.fingerprint) return refuse({ code: "fingerprint-mismatch" });
	return { ok: true, value: { ...link, name, signKey, sealKey } };
}

/** The pin of the link's agent, where that agent said that it obeys this browser. */
async function linkedHere(api: Api, vault: Vault, account: string, fingerprint: string): Promise<Pin | undefined> {
	const devices = await api.devices();
	if (devices.kind !== "ok") return undefined;
	for (const pin of await vault.pins(account)) {
		if ((await agentFingerprint(pin.signKey, pin.sealKey)) !== fingerprint) continue;
		if (devices.value.devices.some(({ id, confirmed }) => id === pin.deviceId && confirmed)) return pin;
	}
	return undefined;
}

/** Claims the agent with this browser's keys, authenticated by the link's secret, and pins it. */
export async function claim(
	api: Api,
	vault: Vault,
	account: string,
	candidate: Candidate,
	deviceLabel: string,
): Promise<Outcome<{ agentId: string; deviceId: string }>> {
	const device = await deviceFor(vault, account).catch(() => undefined);
	if (!device) return refuse({ code: "browser" });
	const mac = await makeEnrolmentMac(candidate.secret, {
		account,
		fingerprint: candidate.fingerprint,
		deviceSignKey: device.signKey,
		deviceSealKey: device.sealKey,
	});
	const claimed = await api.claimEnrolment({
		code: candidate.code,
		deviceSignKey: device.signKey,
		deviceSealKey: device.sealKey,
		deviceLabel,
		mac,
	});
	if (claimed.kind !== "ok")
		return ofProblem(claimed.kind === "problem" ? claimed.problem : { code: "aborted", status: 0, detail: "" });
	const { agentId, deviceId } = claimed.value;
	const { name, signKey, sealKey } = candidate;
	await vault.savePin({ agentId, account, name, signKey, sealKey, deviceId });
	return { ok: true, value: { agentId, deviceId } };
}
