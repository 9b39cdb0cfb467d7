import { parseArgs } from "node:util";
import { connectHttp3 } from "@mivisus/transport/http3/client";
import { inGroups } from "@mivisus/wire/enrolment";
import { fromBase64Url } from "@mivisus/wire/ids";
import { licences, VERSION } from "./about.ts";
import { cameraSource } from "./camera.ts";
import { machineClock } from "./clock.ts";
import { type AgentConfig, agentHome, ConfigError, readConfig } from "./config.ts";
import { createRefinder } from "./discovery/refind.ts";
import { createLog } from "./log.ts";
import { EnrolmentRefused, enrol } from "./pairing/enrol.ts";
import { createIdentity, type Identity, loadIdentity } from "./pairing/identity.ts";
import { KeyError } from "./secrets/keys/store.ts";
import { AlreadyRunning, lockHome } from "./secrets/lock.ts";
import { StateStore } from "./secrets/state.ts";
import { Supervisor } from "./supervisor.ts";
import { watchForUpdates } from "./update-check.ts";
import { WorkerClient, WorkerError } from "./worker-client.ts";

const USAGE = `mivisus-agent: reads your cameras and sends their picture only while somebody looks.

  mivisus-agent run      link this agent if it is not linked yet, then run (the default)
  mivisus-agent enrol    link this agent to your account, or to one more browser of yours, and stop
  mivisus-agent status   say whether it is linked, and how many cameras it has
  mivisus-agent forget   forget the account, its cameras and their passwords; the next start shows a new link
  mivisus-agent licences print the licences of everything inside this program

  --origin URL   the service, e.g. https://mivisus.com (or "origin" in agent.json)
  --name TEXT    what this agent is called in your account
  --home DIR     where it keeps its keys and settings (default: the platform's place)
  --transport T  how to ask cameras for media: auto (default), tcp or udp
  --version
  --help
`;

/** How long the relay may take to answer, ms: short, because a restarting relay answers the next try. */
const CONNECT_TIMEOUT_MS = 3000;

/** What a person must know, on standard output; the log goes to standard error. */
const say = (line: string) => process.stdout.write(`${line}\n`);

function arguments_() {
	try {
		return parseArgs({
			allowPositionals: true,
			options: {
				origin: { type: "string" },
				name: { type: "string" },
				home: { type: "string" },
				transport: { type: "string" },
				version: { type: "boolean" },
				help: { type: "boolean", short: "h" },
			},
		});
	} catch (error) {
		throw new ConfigError(`${(error as Error).message}\n\n${USAGE}`);
	}
}

async function link(
	client: WorkerClient,
	identity: Identity,
	store: StateStore,
	config: AgentConfig,
	signal: AbortSignal,
) {
	const onLink = (url: string, expiresAtMs: number) => {
		const minutes = Math.max(1, Math.round((expiresAtMs - Date.now()) / 60_000));
		const linked = store.current.enrolment
			? "This agent is linked. To link one more browser of the same account, sign in to Mivisus there and open this link:"
			: "This agent is not linked to an account yet. Sign in to Mivisus in your browser, then open this link there:";
		say(linked);
		say(`\n  ${url}\n\nIt works once, for ${minutes} minutes. Keep it to yourself.`);
		say(`The page shows this agent's fingerprint; it must be\n\n  ${inGroups(identity.fingerprint)}\n`);
	};
	await enrol({ client, identity, store, name: config.name, onLink, signal });
	say("Linked. Cameras are added in the browser.");
}

/** What `status` says. */
function statusOf(store: StateStore): string {
	const { enrolment, cameras } = store.current;
	const kept = `${cameras.length} camera${cameras.length === 1 ? "" : "s"}`;
	if (!enrolment) return "Not linked to an account yet.";
	if (enrolment.ended) return `Unlinked by its owner. It still keeps ${kept}; mivisus-agent forget removes them.`;
	return `Linked to an account, with ${kept}.`;
}

async function main(): Promise<number> {
	const { values, positionals } = arguments_();
	if (values.help) {
		say(USAGE);
		return 0;
	}
	if (values.version) {
		say(`mivisus-agent ${VERSION}`);
		return 0;
	}
	const [command = "run", ...rest] = positionals;
	if (command === "licences" && rest.length === 0) {
		// Longer than a pipe holds: the exit must wait for it.
		await new Promise((done) => process.stdout.write(`${licences()}\n`, done));
		return 0;
	}
	if (!["run", "enrol", "status", "forget"].includes(command) || rest.length > 0) {
		throw new ConfigError(`There is no command "${positionals.join(" ")}".\n\n${USAGE}`);
	}
	const home = agentHome(values.home, process.env);
	const openStore = () => StateStore.open(home, async () => ({ v: 1, identity: await createIdentity(), cameras: [] }));
	if (command === "status") {
		say(statusOf(await openStore()));
		return 0;
	}
	const config =
		command === "forget"
			? undefined
			: readConfig(home, {
					origin: values.origin,
					name: values.name,
					rtspTransport: values.transport,
				});
	await lockHome(home);
	const store = await openStore();
	if (!config) {
		const { v, identity } = store.current;
		store.save({ v, identity, cameras: [] });
		say("Forgotten. At its next start this agent shows a new link.");
		return 0;
	}
	const log = createLog(config.logLevel);
	const identity = await loadIdentity(store.current.identity);
	const client = new WorkerClient(config.origin);
	const stop = new AbortController();
	for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());

	if (!store.current.enrolment || command === "enrol") await link(client, identity, store, config, stop.signal);
	if (command === "enrol" || !store.current.enrolment) return 0;
	client.signer = { agentId: store.current.enrolment.agentId, key: identity.signKey };
	const refind = createRefinder({ clock: machineClock });
	const supervisor = new Supervisor({
		store,
		identity,
		client,
		log,
		createSource: (access) => {
			const { device } = access;
			const relocate = device === undefined ? undefined : (signal: AbortSignal) => refind(device, signal);
			return cameraSource(access, config.rtspTransport, log, relocate);
		},
		connect: ({ url, token, certificateHashes }) => {
			const target = new URL(url);
			target.searchParams.set("jwt", token);
			return connectHttp3(target, {
				certificateHashes: certificateHashes.map(fromBase64Url),
				timeoutMs: CONNECT_TIMEOUT_MS,
			});
		},
		clock: machineClock,
	});
	// Whether it still holds, the service says at the first look.
	if (store.current.enrolment.ended) {
		const { ended: _, ...enrolment } = store.current.enrolment;
		store.save({ ...store.current, enrolment });
	}
	if (config.updateCheck) {
		const tell = (version: string) => log.warn({ version, here: VERSION }, "there is a later version of the agent");
		void watchForUpdates({ origin: config.origin, here: VERSION, tell }, stop.signal);
	}
	say("The agent is running.");
	if ((await supervisor.run(stop.signal)) === "unlinked") {
		const { enrolment } = store.current;
		if (enrolment) store.save({ ...store.current, enrolment: { ...enrolment, ended: true } });
		say("The owner unlinked this agent. To link it again: mivisus-agent forget, then start it anew.");
		return 3;
	}
	return 0;
}

main().then(
	(code) => process.exit(code),
	(error: Error) => {
		if (error.name === "AbortError") process.exit(0);
		const known = [ConfigError, AlreadyRunning, EnrolmentRefused, KeyError, WorkerError].some(
			(kind) => error instanceof kind,
		);
		process.stderr.write(`${known ? error.message : `Something went wrong: ${error.message}`}\n`);
		process.exit(error instanceof ConfigError ? 2 : 1);
	},
);
