import { api, type Problem } from "../api/client.ts";
import { sameKeys } from "../keys/command.ts";
import { type Pin, vault } from "../keys/vault.ts";

/** How long the page waits for the agent's answer to an order, ms. */
const ANSWER_MS = 30_000;
const POLL_MS = 700;

/** What became of an order. */
export type OrderEnd =
	| { end: "done" }
	| { end: "refused"; code: string; detail: string }
	| { end: "silent" }
	| { end: "problem"; problem: Problem }
	| { end: "aborted" };

/** Waits until the agent carried an order out or refused it. */
export async function awaitOrder(id: string, signal: AbortSignal): Promise<OrderEnd> {
	for (const until = Date.now() + ANSWER_MS; Date.now() < until; ) {
		const result = await api.command(id, signal);
		if (signal.aborted || result.kind === "aborted") return { end: "aborted" };
		if (result.kind === "problem" && result.problem.code !== "offline")
			return { end: "problem", problem: result.problem };
		if (result.kind === "ok" && result.value.state === "done") return { end: "done" };
		if (result.kind === "ok" && result.value.state === "refused") {
			const { code, detail } = result.value;
			return { end: "refused", code: code ?? "", detail: detail ?? code ?? "" };
		}
		await new Promise((resolve) => setTimeout(resolve, POLL_MS));
	}
	return { end: "silent" };
}

/** The id inside a signed order, which the service uses for it too. */
export function orderId(statement: string): string {
	const body = statement.split(".")[0] ?? "";
	return String(JSON.parse(atob(body.replaceAll("-", "+").replaceAll("_", "/"))).id);
}

/** The agents that this browser may give orders to, each compared with what the service shows now. */
export interface Orderable {
	pin: Pin;
	/** False: the service shows another key than the pinned one; nothing may be sealed or sent. */
	genuine: boolean;
	name: string;
}
export async function orderableAgents(
	account: string,
	signal?: AbortSignal,
): Promise<{ agents: Orderable[]; others: number } | { problem: Problem } | undefined> {
	const result = await api.agents(signal);
	if (result.kind === "aborted") return undefined;
	if (result.kind === "problem") return { problem: result.problem };
	const pins = await vault.pins(account);
	const agents = result.value.agents.flatMap((agent) => {
		const pin = pins.find(({ agentId }) => agentId === agent.id);
		return pin ? [{ pin, genuine: sameKeys(pin, agent), name: agent.name }] : [];
	});
	return { agents, others: result.value.agents.length - agents.length };
}
