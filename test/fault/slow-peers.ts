/**
 * Many peers that begin something at a relay and do not go on, in a process of their own so that they do not slow down who
 * measures. Takes its orders from the parent and tells when the relay had enough of each.
 */
import { within } from "@mivisus/transport/within";
import { type Orders, type Outcome, PEERS, type Peer } from "./slow-kinds.ts";

const GIVEN_UP_MS = 25_000;

process.on("message", async (orders: Orders) => {
	const running: Promise<Outcome[number]>[] = [];
	for (const { kind, url } of orders.peers) {
		running.push(
			(async () => {
				try {
					const { ended } = await (PEERS[kind] as Peer)(new URL(url), orders);
					const begun = performance.now();
					await within(GIVEN_UP_MS, ended, () => new Error("the relay lets it stay"));
					return { kind, ms: performance.now() - begun };
				} catch (error) {
					return { kind, ms: 0, error: String(error) };
				}
			})(),
		);
		await new Promise((resolve) => setTimeout(resolve, orders.paceMs));
	}
	process.send?.(await Promise.all(running), () => process.exit(0));
});
process.on("disconnect", () => process.exit(0));
