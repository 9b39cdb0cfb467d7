import { join } from "node:path";
import { machineClock as clock } from "../clock.ts";
import { AgentConfig } from "../config.ts";
import { LogLines } from "../log.ts";
import { Outflow } from "../outflow.ts";
import { wallClock } from "../privacy.ts";
import type { RunningOptions } from "../running.ts";

const ZONE = "Europe/Paris";

/** What a running agent needs beside its state: a quiet one in this folder, without service, relay or cameras. */
export function runOptions(home: string): Omit<RunningOptions, "store" | "identity"> {
	const wall = wallClock(ZONE);
	return {
		config: AgentConfig.parse({ origin: "http://127.0.0.1:9", rtspTransport: "tcp" }),
		zone: ZONE,
		wall,
		outflow: new Outflow(join(home, "outflow.json"), clock, (ms) => wall(ms).date),
		lines: new LogLines(),
		clock,
		log: { info: () => {}, warn: () => {} },
		createSource: () => {
			throw new Error("there is no camera");
		},
		connect: () => Promise.reject(new Error("there is no relay")),
		onLink: () => {},
		onLinkFault: () => {},
		onRunning: () => {},
	};
}
