import "../csp.ts";
import { Engine } from "./engine.ts";
import type { ToWorker } from "./protocol.ts";

/** The worker's entry: sessions and decoders live here, so that a busy page never delays a picture. */
const scope = globalThis as unknown as {
	postMessage(message: unknown, transfer: Transferable[]): void;
	onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
};
const engine = new Engine((message, transfer = []) => scope.postMessage(message, transfer));
scope.onmessage = ({ data }) => engine.handle(data);
