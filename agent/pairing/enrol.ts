import { formatEnrolmentLink, newEnrolmentSecrets, verifyEnrolmentMac } from "@mivisus/wire/enrolment";
import { fromBase64Url } from "@mivisus/wire/ids";
import { Backoff, pause } from "../backoff.ts";
import { type AgentState, MAX_DEVICES, type StateStore } from "../secrets/state.ts";
import { type EnrolmentState, type WorkerClient, WorkerError } from "../worker-client.ts";
import type { Identity } from "./identity.ts";

/** How often the agent asks whether its link was opened, ms. */
const POLL_MS = 1000;

/** The link was used, but not by the person it was shown to. */
export class EnrolmentRefused extends Error {
	override name = "EnrolmentRefused";
}

/**
 * Shows a link through `onLink` and waits until the owner's browser used it. The browser proves with the link's secret,
 * which the service never sees, that the keys it brings are the ones to trust; only then are they stored and confirmed.
 * An agent that is linked already obeys one more browser of the same account then.
 * Resolves when the agent belongs to an account; rejects with EnrolmentRefused, or when the link ran out.
 */
export async function enrol(options: {
	client: WorkerClient;
	identity: Identity;
	store: StateStore;
	name: string;
	onLink: (link: string, expiresAtMs: number) => void;
	signal: AbortSignal;
}): Promise<void> {
	const { client, identity, store, name, onLink, signal } = options;
	const { code, secret } = newEnrolmentSecrets();
	const keys = { signKey: identity.signPublic, sealKey: identity.sealPublic };
	// A service that is not there at all is told at once: the person who typed the address is still looking.
	const here = (error: WorkerError) => error.passing && error.status !== 0;
	const { expiresAtMs } = await persist(() => client.announceEnrolment({ code, ...keys, name }, signal), here, signal);
	onLink(formatEnrolmentLink({ origin: client.origin, code, fingerprint: identity.fingerprint, secret }), expiresAtMs);
	for (;;) {
		const state = await persist(
			() => client.pollEnrolment(code, signal),
			(error) => error.passing,
			signal,
		);
		if (state.state === "waiting") {
			await pause(POLL_MS, signal);
			signal.throwIfAborted();
			continue;
		}
		const { agentId, accountId, device } = state;
		const before = store.current.enrolment;
		const reason = await objection(state, { secret, fingerprint: identity.fingerprint, before });
		client.signer = { agentId, key: identity.signKey };
		if (reason) {
			await client.confirm({ device: device.id, accepted: false, reason }, signal).catch(() => {});
			client.signer = undefined;
			throw new EnrolmentRefused(`${reason} Nothing was linked; make a new link.`);
		}
		// Commands of other browsers may have been obeyed meanwhile: their counters must not fall back.
		const devices = [...(store.current.enrolment?.devices ?? []), { ...device, counter: 0 }];
		store.save({ ...store.current, enrolment: { agentId, accountId, devices } });
		// Already stored here: the service must hear of it, however long that takes.
		await persist(
			() => client.confirm({ device: device.id, accepted: true }, signal),
			(error) => error.passing,
			signal,
		);
		return;
	}
}

/** Why a claim is not to be believed; `before` is what this agent is linked to already. */
async function objection(
	{ agentId, accountId, device, mac }: Extract<EnrolmentState, { state: "claimed" }>,
	{ secret, fingerprint, before }: { secret: string; fingerprint: string; before: AgentState["enrolment"] },
): Promise<string | undefined> {
	const { signKey: deviceSignKey, sealKey: deviceSealKey } = device;
	const claim = { account: accountId, fingerprint, deviceSignKey, deviceSealKey };
	const genuine = (await verifyEnrolmentMac(secret, claim, mac)) && fromBase64Url(deviceSignKey).length === 32;
	if (!genuine)
		return "The keys that the service passed on were not confirmed by the link's secret. Somebody between this agent and your browser may have changed them.";
	if (!before) return undefined;
	// The MAC covers the account, so this is a person's mistake; that the agent goes by one name is the service's word only.
	if (accountId !== before.accountId)
		return "The link was opened in another account than the one this agent is linked to.";
	if (agentId !== before.agentId || before.devices.some(({ id }) => id === device.id))
		return "The service does not know this agent by the name under which it was linked.";
	if (before.devices.length >= MAX_DEVICES) return `This agent obeys ${MAX_DEVICES} browsers already.`;
	return undefined;
}

/** Calls until it works; gives up at a failure that is not `passing`, and when `signal` aborts. */
async function persist<T>(
	call: () => Promise<T>,
	passing: (error: WorkerError) => boolean,
	signal: AbortSignal,
): Promise<T> {
	const backoff = new Backoff({ baseMs: POLL_MS, capMs: 15_000, random: Math.random });
	for (;;) {
		try {
			return await call();
		} catch (error) {
			if (!(error instanceof WorkerError && passing(error))) throw error;
			await pause(backoff.next(), signal);
			signal.throwIfAborted();
		}
	}
}
