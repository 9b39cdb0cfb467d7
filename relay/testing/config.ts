import type { RelayConfig } from "../config.ts";
import type { TestWorker } from "./keys.ts";

/** A relay on free ports of this machine that believes `worker`, with a certificate of its own making. For tests. */
export async function testConfig(worker: TestWorker): Promise<RelayConfig> {
	const keys = await worker.keys();
	return {
		instance: worker.audience,
		transport: "auto",
		host: "::",
		port: 0,
		tcpHost: "127.0.0.1",
		tcpPort: 0,
		alternatePort: 0,
		alternateTcpPort: 0,
		httpHost: "127.0.0.1",
		httpPort: 0,
		hosts: ["localhost", "127.0.0.1"],
		memoryMiB: 2048,
		logLevel: "info",
		tokenKeys: keys,
		controlKeys: keys,
		certificate: undefined,
		certificateFiles: [],
		warnings: [],
	};
}
