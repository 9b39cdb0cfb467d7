import { inGroups } from "@mivisus/wire/enrolment";
import { renderUnicodeCompact } from "uqr";
import type { AgentConfig } from "../config.ts";
import type { PendingLink } from "../control.ts";
import { enrol as link } from "../pairing/enrol.ts";
import type { Identity } from "../pairing/identity.ts";
import type { StateStore } from "../secrets/state.ts";
import { WorkerClient } from "../worker-client.ts";
import { EXIT } from "./arguments.ts";
import { say } from "./say.ts";

/** Shows a link on the terminal, with its code where there is one to be scanned from. */
export function showLink({ url, expiresAtMs, fingerprint }: PendingLink, linked: boolean): void {
	const minutes = Math.max(1, Math.round((expiresAtMs - Date.now()) / 60_000));
	say(
		linked
			? "This agent is linked. To link one more browser of the same account, sign in to Mivisus there and open this link:"
			: "This agent is not linked to an account yet. Sign in to Mivisus in your browser, then open this link there:",
	);
	say(`\n  ${url}\n`);
	if (process.stdout.isTTY) say(renderUnicodeCompact(url, { ecc: "M" }));
	say(`It works once, for ${minutes} minutes. Keep it to yourself.`);
	say(`The page shows this agent's fingerprint; it must be\n\n  ${fingerprint}\n`);
}

export const LINKED = "Linked. Cameras are added in the browser, on this agent's own page, or with mivisus-agent add.";

/** `mivisus-agent enrol`: links this agent, or one more browser, and stops. */
export async function enrol(
	store: StateStore,
	identity: Identity,
	config: AgentConfig,
	signal: AbortSignal,
): Promise<number> {
	const linked = store.current.enrolment !== undefined;
	const onLink = (url: string, expiresAtMs: number) =>
		showLink({ url, expiresAtMs, fingerprint: inGroups(identity.fingerprint) }, linked);
	await link({ client: new WorkerClient(config.origin), identity, store, name: config.name, onLink, signal });
	say(LINKED);
	return EXIT.done;
}
