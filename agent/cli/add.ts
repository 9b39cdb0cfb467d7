import { hostText } from "@mivisus/wire/address";
import { addCamera } from "../adding.ts";
import { ConfigError, readConfig } from "../config.ts";
import { loadIdentity } from "../pairing/identity.ts";
import { lockHome } from "../secrets/lock.ts";
import type { StateStore } from "../secrets/state.ts";
import { addressText } from "../typed-access.ts";
import { WorkerClient } from "../worker-client.ts";
import { type Arguments, EXIT } from "./arguments.ts";
import { askAgent, viewOf } from "./ask.ts";
import { typedCamera } from "./password.ts";
import { say } from "./say.ts";

type Added = { id: string; announced: boolean };

/** `mivisus-agent add`: by the running agent where there is one, otherwise here. */
export async function add(
	given: Arguments,
	home: string,
	openStore: () => Promise<StateStore>,
	signal: AbortSignal,
): Promise<number> {
	const access = await typedCamera(given);
	const name = (given.name ?? access.url.host).trim();
	if (name === "" || name.length > 80 || /\p{Cc}/u.test(name))
		throw new ConfigError("--name: must be 1 to 80 characters, without control characters");
	const { user, password, url, certificate } = access;
	let added: Added | undefined;
	if (await viewOf(home)) {
		// Taken apart already; the agent puts it together the same way, user and password as they are.
		const { scheme, host, port, path } = url;
		const address = `${scheme}://${hostText(host)}:${port}${path}`;
		added = await askAgent<Added>(home, "POST", "/api/cameras", { name, address, user, password, certificate });
	}
	if (!added) {
		const config = readConfig(home, { origin: given.origin });
		const release = await lockHome(home);
		try {
			const store = await openStore();
			const client = new WorkerClient(config.origin);
			const identity = await loadIdentity(store.current.identity);
			const { enrolment } = store.current;
			if (enrolment) client.signer = { agentId: enrolment.agentId, key: identity.signKey };
			added = await addCamera({ store, client, name, access, signal });
		} finally {
			release();
		}
	}
	const { id, announced } = added;
	if (given.json) say(JSON.stringify({ id, name, address: addressText(url), announced }));
	else if (announced) say(`Added: ${name}, ${addressText(url)}. It is in your account, and can be seen there.`);
	else say(`Added: ${name}, ${addressText(url)}. The service cannot be reached; it hears of it when the agent runs.`);
	return EXIT.done;
}
