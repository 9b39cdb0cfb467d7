import { agentFingerprint, makeEnrolmentMac, parseEnrolmentFragment } from "@mivisus/wire/enrolment";
import type { Api, Problem } from "../api/client.ts";
import { deviceFor } from "./device.ts";
import type { Vault } from "./vault.ts";

export { inGroups } from "@mivisus/wire/enrolment";

/** Why a link could not be used. */
export type EnrolRefusal =
	| { code: "bad-link" | "expired" | "fingerprint-mismatch" | "browser" }
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
export async function examine(api: Api, fragment: string): Promise<Outcome<Candidate>> {
	const link = parseEnrolmentFragment(fragment);
	if (!link) return refuse({ code: "bad-link" });
	const found = await api.lookupEnrolment(link.code);
	if (found.kind !== "ok")
		return ofProblem(found.kind === "problem" ? found.problem : { code: "aborted", status: 0, detail: "" });
	const { signKey, sealKey, name } = found.value;
	if ((await agentFingerprint(signKey, sealKey)) !== link.fingerprint) return refuse({ code: "fingerprint-mismatch" });
	return { ok: true, value: { ...link, name, signKey, sealKey } };
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
