import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
	importVerificationKeys,
	type Revocation,
	RevocationPush,
	type VerificationKeys,
	verifyControlToken,
} from "@mivisus/wire/token";

/** The control side of a relay, as far as the worker sees it: `/healthz` and `/revocations`, with real tokens. */
export class ControlStandIn {
	/** In the order in which they came, repeats included. */
	readonly heard: (Revocation & { atMs: number })[] = [];
	/** Pushes that were refused. */
	refused = 0;
	/** The highest number held; set it to 0 to play a relay that restarted. */
	held = 0;
	/** False plays a relay that is down. */
	up = true;
	port = 0;
	/** How long `/healthz` takes, ms. */
	slowMs = 0;
	#server: Server;
	#keysFile: string;
	#keys: VerificationKeys | undefined;

	/** `keysFile`: the worker's public control keys; read at the first push, when the worker has made them. */
	constructor(keysFile: string) {
		this.#keysFile = keysFile;
		this.#server = createServer((request, response) => {
			const chunks: Buffer[] = [];
			request.on("data", (chunk: Buffer) => chunks.push(chunk));
			request.on("end", async () => {
				const answer = (status: number, body: object) => {
					response.writeHead(status, { "Content-Type": "application/json" });
					response.end(JSON.stringify(body));
				};
				if (!this.up) return void request.socket.destroy();
				if (request.url === "/healthz")
					return void setTimeout(() => answer(200, { certificateHashes: ["aGFzaA"] }), this.slowMs);
				try {
					const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
					this.#keys ??= await importVerificationKeys(JSON.parse(readFileSync(this.#keysFile, "utf8")));
					await verifyControlToken(token, { audience: "relay-1", keys: this.#keys, nowMs: Date.now() });
					const { revocations } = RevocationPush.parse(JSON.parse(Buffer.concat(chunks).toString()));
					for (const revocation of revocations) {
						this.heard.push({ ...revocation, atMs: Date.now() });
						this.held = Math.max(this.held, revocation.seq);
					}
					answer(200, { seq: this.held });
				} catch {
					this.refused += 1;
					answer(401, {});
				}
			});
		});
	}
	listen(): Promise<void> {
		return new Promise((resolve) => {
			this.#server.listen(0, "127.0.0.1", () => {
				this.port = (this.#server.address() as AddressInfo).port;
				resolve();
			});
		});
	}
	close(): void {
		this.#server.close();
		this.#server.closeAllConnections();
	}
}
