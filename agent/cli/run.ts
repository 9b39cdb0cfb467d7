import type { Socket } from "node:net";
import { join } from "node:path";
import { VERSION } from "../about.ts";
import { cameraSource } from "../camera.ts";
import { machineClock as clock } from "../clock.ts";
import { type AgentConfig, ConfigError } from "../config.ts";
import { describe } from "../discovery/describe.ts";
import { discover } from "../discovery/discover.ts";
import { createRefinder } from "../discovery/refind.ts";
import { createLog, LogLines } from "../log.ts";
import { Outflow } from "../outflow.ts";
import { PageServer } from "../page/server.ts";
import type { Identity } from "../pairing/identity.ts";
import { machineZone, wallClock } from "../privacy.ts";
import { Reach } from "../publish/reach.ts";
import { RunningAgent } from "../running.ts";
import type { StateStore } from "../secrets/state.ts";
import { watchForUpdates } from "../update-check.ts";
import { EXIT } from "./arguments.ts";
import { LINKED, showLink } from "./enrol.ts";
import { say } from "./say.ts";

/** `mivisus-agent run`: until `signal` aborts. `onVisit` takes who will answer at the local socket. */
export async function run(options: {
	home: string;
	store: StateStore;
	identity: Identity;
	config: AgentConfig;
	onVisit(visit: (visitor: Socket) => void): void;
	signal: AbortSignal;
}): Promise<number> {
	const { home, store, identity, config, onVisit, signal } = options;
	const lines = new LogLines();
	const log = createLog(config.logLevel, lines);
	const zone = config.timeZone ?? machineZone();
	const wall = wallClock(zone);
	/** In the log a camera is its place in the list: its id would name it to whoever reads service and agent together. */
	const numberOf = (camera: string) => store.current.cameras.findIndex(({ id }) => id === camera) + 1;
	const refind = createRefinder({ clock });
	const reach = new Reach(clock.now);
	const linkedBefore = store.current.enrolment !== undefined;
	const agent = new RunningAgent({
		store,
		identity,
		config,
		zone,
		wall,
		outflow: new Outflow(join(home, "outflow.json"), clock, (ms) => wall(ms).date),
		lines,
		clock,
		log,
		discover: ({ signal: gone }) => discover({ signal: gone, clock }),
		describe,
		createSource: (access, camera) => {
			const { device } = access;
			const relocate = device === undefined ? undefined : (gone: AbortSignal) => refind(device, gone);
			return cameraSource(access, config.rtspTransport, log.child({ camera: numberOf(camera) }), relocate);
		},
		connect: (access, gone) => reach.connect(access, gone),
		onLink: (link) => showLink(link, store.current.enrolment !== undefined),
		onLinkFault: say,
		onRunning: () => {
			if (!linkedBefore) say(LINKED);
			say("The agent is running.");
		},
	});
	const page = await PageServer.open({
		control: agent,
		port: config.pagePort,
		now: Date.now,
		report: ({ name, stack }) => log.warn({ name, at: stack?.split("\n")[1]?.trim() }, "the agent's own page failed"),
	}).catch((error: NodeJS.ErrnoException) => {
		if (error.code !== "EADDRINUSE" && error.code !== "EACCES") throw error;
		throw new ConfigError(`--page-port: port ${config.pagePort} of this computer is taken or not allowed`);
	});
	onVisit((visitor) => page.visit(visitor));
	if (config.updateCheck) {
		const tell = (version: string) => log.warn({ version, here: VERSION }, "there is a later version of the agent");
		void watchForUpdates({ origin: config.origin, here: VERSION, tell }, signal);
	}
	try {
		say(
			`This agent's own page, on this computer only (the link works once, for ten minutes):\n\n  ${page.newLink()}\n`,
		);
		if ((await agent.run(signal)) !== "unlinked") return EXIT.done;
		say("The owner unlinked this agent. To link it again: mivisus-agent forget, then start it anew.");
		return EXIT.unlinked;
	} finally {
		page.close();
	}
}
