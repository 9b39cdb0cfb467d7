import { licences, VERSION } from "./about.ts";
import { NotAdded } from "./adding.ts";
import { add } from "./cli/add.ts";
import { EXIT, readArguments, USAGE } from "./cli/arguments.ts";
import { AgentSaidNo } from "./cli/ask.ts";
import { cameras } from "./cli/cameras.ts";
import { enrol } from "./cli/enrol.ts";
import { find } from "./cli/find.ts";
import { run } from "./cli/run.ts";
import { say } from "./cli/say.ts";
import { service } from "./cli/service.ts";
import { page, status } from "./cli/status.ts";
import { test } from "./cli/test.ts";
import { agentHome, ConfigError, readConfig } from "./config.ts";
import { EnrolmentRefused } from "./pairing/enrol.ts";
import { createIdentity, loadIdentity } from "./pairing/identity.ts";
import { KeyError } from "./secrets/keys/store.ts";
import { AlreadyRunning, busy, lockHome } from "./secrets/lock.ts";
import { StateStore } from "./secrets/state.ts";
import { ServiceError } from "./service/install.ts";
import { WorkerError } from "./worker-client.ts";

/** What a person did or the world did, told in its own words; anything else is a fault of ours. */
const KNOWN = [
	ConfigError,
	AlreadyRunning,
	EnrolmentRefused,
	KeyError,
	ServiceError,
	WorkerError,
	NotAdded,
	AgentSaidNo,
];

async function main(): Promise<number> {
	const given = readArguments(process.argv.slice(2));
	if (given === "help") {
		say(USAGE);
		return EXIT.done;
	}
	if (given === "version") {
		say(`mivisus-agent ${VERSION}`);
		return EXIT.done;
	}
	const home = agentHome(given.home, process.env);
	const openStore = () => StateStore.open(home, async () => ({ v: 1, identity: await createIdentity(), cameras: [] }));
	const stop = new AbortController();
	for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
	switch (given.command) {
		case "status":
			return status(given, home);
		case "cameras":
			return cameras(given, home);
		case "page":
			return page(home);
		case "find":
			return find(given, stop.signal);
		case "test":
			return test(given, stop.signal);
		case "add":
			return add(given, home, openStore, stop.signal);
		case "install-service":
		case "uninstall-service":
			return service(given);
		case "forget":
			return forget(home, openStore);
		case "licences":
			// Longer than a pipe holds: the exit must wait for it.
			await new Promise((done) => process.stdout.write(`${licences()}\n`, done));
			return EXIT.done;
	}
	const { origin, name, transport: rtspTransport, pagePort } = given;
	const config = readConfig(home, { origin, name, rtspTransport, pagePort });
	let visit = busy;
	await lockHome(home, (visitor) => visit(visitor));
	const store = await openStore();
	const identity = await loadIdentity(store.current.identity);
	if (given.command === "enrol") return enrol(store, identity, config, stop.signal);
	const onVisit = (next: typeof visit) => {
		visit = next;
	};
	return run({ home, store, identity, config, onVisit, signal: stop.signal });
}

/** `mivisus-agent forget`. */
async function forget(home: string, openStore: () => Promise<StateStore>): Promise<number> {
	await lockHome(home);
	const store = await openStore();
	const { v, identity } = store.current;
	store.save({ v, identity, cameras: [] });
	say("Forgotten. At its next start this agent shows a new link.");
	return EXIT.done;
}

main().then(
	(code) => process.exit(code),
	(error: Error) => {
		if (error.name === "AbortError") process.exit(EXIT.done);
		const known = KNOWN.some((kind) => error instanceof kind);
		process.stderr.write(`${known ? error.message : `Something went wrong: ${error.message}`}\n`);
		process.exit(error instanceof ConfigError ? EXIT.usage : EXIT.failed);
	},
);
