import { type CameraAccess, Command, peekStatement } from "@mivisus/wire/signed";
import type { Api, Problem, Result } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { agentSays } from "../i18n/says.ts";
import { sameKeys, signCameraAccess, signCommand } from "../keys/command.ts";
import type { Pin, Vault } from "../keys/vault.ts";
import { problemText } from "../ui/words.ts";

/** How long the page waits for the agent's answer to an order, ms. */
const ANSWER_MS = 30_000;
const POLL_MS = 700;

/** What became of an order. */
export type OrderEnd =
	| { end: "done" }
	| { end: "refused"; code: string; detail: string }
	| { end: "silent" }
	| { end: "problem"; problem: Problem }
	/** The service shows another key than the pinned one: nothing was sealed or sent. */
	| { end: "key-changed" }
	| { end: "aborted" };

/** What is to be said of an order that was not carried out, or not yet. */
export function endText(end: OrderEnd): { kind: "problem" | "warning"; text: string } | undefined {
	switch (end.end) {
		case "refused":
			return { kind: "problem", text: t("add.refused", { detail: agentSays(end.detail) }) };
		case "problem":
			return { kind: "problem", text: problemText(end.problem) };
		case "key-changed":
			return { kind: "problem", text: t("add.keyChanged") };
		case "silent":
			return { kind: "warning", text: t("add.agentSilent") };
		default:
			return undefined;
	}
}

/** Waits until the agent carried an order out or refused it. */
async function awaitOrder(api: Api, id: string, signal: AbortSignal): Promise<OrderEnd> {
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

/** The id inside a signed order of this page, which the service uses for it too. */
export function orderId(statement: string): string {
	const order = peekStatement(Command, statement);
	if (!order.ok) throw new Error(`this page signed an order that cannot be read: ${order.refusal}`);
	return order.value.id;
}

/** Whether the service still shows the keys of the pin; asked right before anything is sealed or signed. */
async function checkPin(api: Api, pin: Pin, signal: AbortSignal): Promise<OrderEnd | undefined> {
	const agents = await api.agents(signal);
	if (agents.kind === "aborted") return { end: "aborted" };
	if (agents.kind === "problem") return { end: "problem", problem: agents.problem };
	const shown = agents.value.agents.find(({ id }) => id === pin.agentId);
	return shown && sameKeys(pin, shown) ? undefined : { end: "key-changed" };
}

/** Gives a camera its address, user and password: sealed here, taken to the service by `deliver`, opened by the agent. */
export async function orderAccess(
	{ api, vault }: { api: Api; vault: Vault },
	order: { pin: Pin; camera: string; access: CameraAccess },
	deliver: (command: string) => Promise<Result<unknown>>,
	tell: (step: "sending" | "waiting") => void,
	signal: AbortSignal,
): Promise<OrderEnd> {
	const fault = await checkPin(api, order.pin, signal);
	if (fault) return fault;
	const command = await signCameraAccess(vault, order.pin, order.camera, order.access);
	tell("sending");
	const delivered = await deliver(command);
	if (delivered.kind === "problem") return { end: "problem", problem: delivered.problem };
	if (delivered.kind === "aborted") return { end: "aborted" };
	tell("waiting");
	return awaitOrder(api, orderId(command), signal);
}

/** Switches a camera's sound on or off at its agent. */
export async function orderSound(
	{ api, vault }: { api: Api; vault: Vault },
	order: { pin: Pin; camera: string; on: boolean },
	signal: AbortSignal,
): Promise<OrderEnd> {
	const fault = await checkPin(api, order.pin, signal);
	if (fault) return fault;
	const { pin, camera, on } = order;
	const command = await signCommand(vault, pin, { type: "camera.sound", camera, on });
	const sent = await api.sendCommand(command);
	if (sent.kind === "problem") return { end: "problem", problem: sent.problem };
	return sent.kind === "aborted" ? { end: "aborted" } : awaitOrder(api, sent.value.id, signal);
}

/** The agents that this browser may give orders to. */
export interface Orderable {
	pin: Pin;
	name: string;
}
export async function orderableAgents(
	api: Api,
	vault: Vault,
	account: string,
): Promise<{ agents: Orderable[]; others: number } | { problem: Problem } | undefined> {
	const result = await api.agents();
	if (result.kind === "aborted") return undefined;
	if (result.kind === "problem") return { problem: result.problem };
	const pins = await vault.pins(account);
	const agents = result.value.agents.flatMap((agent) => {
		const pin = pins.find(({ agentId }) => agentId === agent.id);
		return pin ? [{ pin, name: agent.name }] : [];
	});
	return { agents, others: result.value.agents.length - agents.length };
}
