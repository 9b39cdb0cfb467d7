import { StateStore } from "../secrets/state.ts";
import { type Arguments, EXIT } from "./arguments.ts";
import { askAgent, viewOf } from "./ask.ts";
import { say } from "./say.ts";

/** `mivisus-agent status`: linked or not, running or not, and how many cameras. */
export async function status({ json }: Arguments, home: string): Promise<number> {
	const view = await viewOf(home);
	// What a running agent keeps is its own to read.
	const { enrolment, cameras = [] } = (view ? undefined : StateStore.peek(home)) ?? {};
	const link = view?.link ?? (!enrolment ? "unlinked" : enrolment.ended ? "ended" : "linked");
	const count = (view?.cameras ?? cameras).length;
	if (json) {
		const { connections = null, left = null } = view ?? {};
		say(JSON.stringify({ running: view !== undefined, link, cameras: count, connections, left }));
		return EXIT.done;
	}
	const kept = `${count} camera${count === 1 ? "" : "s"}`;
	if (link === "unlinked") say("Not linked to an account yet.");
	else if (link === "ended") say(`Unlinked by its owner. It still keeps ${kept}; mivisus-agent forget removes them.`);
	else say(`Linked to an account, with ${kept}.`);
	if (!view) say("It is not running.");
	else say(`It is running. Service: ${view.connections.service}. Relay: ${view.connections.relay}.`);
	return EXIT.done;
}

/** `mivisus-agent page`: a new link to the running agent's own page. */
export async function page(home: string): Promise<number> {
	const answer = await askAgent<{ url: string }>(home, "POST", "/api/page-links");
	say(
		answer
			? `Open this on this computer; it works once, for ten minutes:\n\n  ${answer.url}\n`
			: "The agent is not running.",
	);
	return answer ? EXIT.done : EXIT.failed;
}
