import { parseArgs } from "node:util";
import { connectHttp3 } from "@mivisus/transport/http3/client";
import { fromBase64Url } from "@mivisus/wire/ids";
import pino from "pino";
import { cameraSource } from "./camera.ts";
import { type AgentConfig, agentHome, ConfigError, readConfig } from "./config.ts";
import { EnrolmentRefused, enrol } from "./pairing/enrol.ts";
import { createIdentity, type Identity, loadIdentity } from "./pairing/identity.ts";
import { StateStore } from "./secrets/state.ts";
import { Supervisor } from "./supervisor.ts";
import { WorkerClient, WorkerError } from "./worker-client.ts";

const USAGE = `mivisus-agent: reads your cameras and sends their picture only while somebody looks.

  mivisus-agent run      link this agent if it is not linked yet, then run (the default)
  mivisus-agent enrol    link this agent to your account and stop
  mivisus-agent status   say whether it is linked, and how many cameras it has

  --origin URL   the service, e.g. https://mivisus.com (or "origin" in agent.json)
  --name TEXT    what this agent is called in your account
  --home DIR     where it keeps its keys and settings (default: the platform's place)
  --transport T  how to ask cameras for media: auto (default), tcp or udp
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
		say("This agent is not linked to an account yet. Sign in to Mivisus in your browser, then open this link there:");
		say(`\n  ${url}\n\nIt works once, for ${minutes} minutes. Keep it to yourself.`);
	};
	await enrol({ client, identity, store, name: config.name, onLink, signal });
	say("Linked. Cameras are added in the browser.");
}

async function main(): Promise<number> {
	const { values, positionals } = arguments_();
	if (values.help) {
		say(USAGE);
		return 0;
	}
	const [command = "run", ...rest] = positionals;
	if (!["run", "enrol", "status"].includes(command) || rest.length > 0) {
		throw new ConfigError(`There is no command "${positionals.join(" ")}".\n\n${USAGE}`);
	}
	const home = agentHome(values.home, process.env);
	const config = readConfig(home, { origin: values.origin, name: values.name, rtspTransport: values.transport });
	const store = await StateStore.open(home, async () => ({ v: 1, identity: await createIdentity(), cameras: [] }));
	if (command === "status") {
		const { enrolment, cameras } = store.current;
		say(enrolment ? `Linked to ${config.origin}, ${cameras.length} camera(s).` : `Not linked to ${config.origin} yet.`);
		return 0;
	}
	const log = pino({ level: config.logLevel, base: null }, pino.destination({ dest: 2, sync: true }));
	const identity = await loadIdentity(store.current.identity);
	const client = new WorkerClient(config.origin);
	const stop = new AbortController();
	for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());

	if (!store.current.enrolment) await link(client, identity, store, config, stop.signal);
	if (command === "enrol" || !store.current.enrolment) return 0;
	client.signer = { agentId: store.current.enrolment.agentId, key: identity.signKey };
	const supervisor = new Supervisor({
		store,
		identity,
		client,
		log,
		createSource: (access) => cameraSource(access, config.rtspTransport, log),
		connect: ({ url, token, certificateHashes }) => {
			const target = new URL(url);
			target.searchParams.set("jwt", token);
			return connectHttp3(target, {
				certificateHashes: certificateHashes.map(fromBase64Url),
				timeoutMs: CONNECT_TIMEOUT_MS,
			});
		},
		clock: {
			now: Date.now,
			after: (ms, callback) => {
				const timer = setTimeout(callback, ms);
				return () => clearTimeout(timer);
			},
		},
	});
	say("The agent is running.");
	if ((await supervisor.run(stop.signal)) === "unlinked") {
		say("The owner unlinked this agent. To link it again, move its folder away and start it anew.");
		return 3;
	}
	return 0;
}

main().then(
	(code) => process.exit(code),
	(error: Error) => {
		if (error.name === "AbortError") process.exit(0);
		const known = error instanceof ConfigError || error instanceof EnrolmentRefused || error instanceof WorkerError;
		process.stderr.write(`${known ? error.message : `Something went wrong: ${error.message}`}\n`);
		process.exit(error instanceof ConfigError ? 2 : 1);
	},
);
