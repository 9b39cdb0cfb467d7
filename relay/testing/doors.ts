import type { FakeServer } from "@mivisus/transport/fake";
import { connectHttp3 } from "@mivisus/transport/http3/client";
import type { Session } from "@mivisus/transport/port";
import { connectTcp } from "@mivisus/transport/tcp/client";
import type { Door, Rights } from "./honest.ts";
import type { TestWorker } from "./keys.ts";

/** Where a relay listens. */
export interface Place {
	port?: number | undefined;
	tcpPort: number;
	/** Needed for HTTP/3 only. */
	certificateHash?: Uint8Array;
}

/** Opens a session with the relay of this machine that listens there; over TCP without TLS. */
export function connectBy(
	way: "http3" | "tcp",
	{ port, tcpPort, certificateHash }: Place,
	path: string,
	{ token, ...options }: { token?: string | undefined; timeoutMs?: number } = {},
): Promise<Session> {
	const url = new URL(path, way === "tcp" ? `ws://127.0.0.1:${tcpPort}` : `https://127.0.0.1:${port}`);
	if (token !== undefined) url.searchParams.set("jwt", token);
	if (way === "tcp") return connectTcp(url, options);
	return connectHttp3(url, { certificateHashes: certificateHash ? [certificateHash] : [], ...options });
}

/** Where the holder of a fresh token goes. */
export const urlOf = async (worker: TestWorker, base: string, rights: Rights) =>
	new URL(`/${rights.root}?jwt=${await worker.token(rights)}`, base);

/** Ways into a relay, each with a fresh token of its own. */
export const fakeDoor =
	(worker: TestWorker, server: FakeServer): Door =>
	async (rights) =>
		server.connect(await urlOf(worker, "https://fake.test", rights));
export const tcpDoor =
	(worker: TestWorker, tcpPort: number): Door =>
	async (rights) =>
		connectBy("tcp", { tcpPort }, `/${rights.root}`, { token: await worker.token(rights), timeoutMs: 10_000 });
export const http3Door =
	(worker: TestWorker, plane: Place): Door =>
	async (rights) =>
		connectBy("http3", plane, `/${rights.root}`, { token: await worker.token(rights) });
