import type { FakeServer } from "@mivisus/transport/fake";
import { connectHttp3 } from "@mivisus/transport/http3/client";
import { connectTcp } from "@mivisus/transport/tcp/client";
import type { Plane } from "../plane.ts";
import type { Door, Rights } from "./honest.ts";
import type { TestWorker } from "./keys.ts";

/** Where the holder of a fresh token goes. */
export const urlOf = async (worker: TestWorker, base: string, rights: Rights) =>
	new URL(`/${rights.root}?jwt=${await worker.token(rights)}`, base);

/** Ways into a relay, each with a fresh token of its own. */
export const fakeDoor =
	(worker: TestWorker, server: FakeServer): Door =>
	async (rights) =>
		server.connect(await urlOf(worker, "https://fake.test", rights));
export const tcpDoor =
	(worker: TestWorker, port: number): Door =>
	async (rights) =>
		connectTcp(await urlOf(worker, `ws://127.0.0.1:${port}`, rights), { timeoutMs: 10_000 });
export const http3Door =
	(worker: TestWorker, plane: Pick<Plane, "port" | "certificateHash">): Door =>
	async (rights) =>
		connectHttp3(await urlOf(worker, `https://127.0.0.1:${plane.port}`, rights), {
			certificateHashes: [plane.certificateHash],
		});
