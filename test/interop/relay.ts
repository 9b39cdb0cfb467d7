import { connectHttp3 } from "@mivisus/transport/http3/client";
import type { Session } from "@mivisus/transport/port";
import type { RelayClaims } from "@mivisus/wire/token";
import type { Log } from "../../relay/log.ts";
import { type Plane, startPlane } from "../../relay/plane.ts";
import { testConfig } from "../../relay/testing/config.ts";
import { TestWorker } from "../../relay/testing/keys.ts";

/** What a token grants; what is left out grants nothing. */
export type Rights = Partial<RelayClaims> & { root: string };

/** Our relay on real HTTP/3 in this process, and the worker that signs tokens for it. */
export class TestRelay {
	readonly plane: Plane;
	#worker: TestWorker;

	private constructor(plane: Plane, worker: TestWorker) {
		this.plane = plane;
		this.#worker = worker;
	}
	static async start(): Promise<TestRelay> {
		const worker = await TestWorker.create();
		const silent = () => {};
		const log: Log = { debug: silent, info: silent, warn: silent, error: silent };
		const plane = await startPlane({
			log,
			config: await testConfig(worker),
		});
		return new TestRelay(plane, worker);
	}
	/** A fresh token, good for one session. */
	token(rights: Rights): Promise<string> {
		return this.#worker.token(rights);
	}
	/** Where the bearer of `token` connects. */
	url(root: string, token: string): URL {
		return new URL(`https://127.0.0.1:${this.plane.port}/${root}?jwt=${token}`);
	}
	async connect(rights: Rights): Promise<{ session: Session; url: URL; token: string }> {
		const token = await this.token(rights);
		const url = this.url(rights.root, token);
		const session = await connectHttp3(url, { certificateHashes: [this.plane.certificateHash], timeoutMs: 3000 });
		return { session, url, token };
	}
	close(): void {
		this.plane.close();
	}
}
