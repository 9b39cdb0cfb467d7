import { newId } from "@mivisus/wire/ids";
import { createResource, createSignal, For, onCleanup, Show } from "solid-js";
import { api } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { signCommand } from "../keys/command.ts";
import { askPersistence } from "../keys/device.ts";
import { type Pin, vault } from "../keys/vault.ts";
import { Field, Loading, Notice, ProblemNotice, Submit, Title } from "../ui/parts.tsx";
import { Link } from "../ui/router.tsx";
import { account } from "../ui/session.ts";
import { Shell } from "../ui/shell.tsx";
import { AccessFields, OrderFailed, Trial } from "./access-parts.tsx";
import { type Orderable, type OrderEnd, orderAccess, orderableAgents } from "./orders.ts";
import { typedAccess } from "./typed-access.ts";

/** Only a browser that linked an agent can add cameras: the access is sealed here, to the key pinned here. */
export function AddCamera() {
	const [found, { refetch }] = createResource(() => orderableAgents(api, vault, account()?.id ?? ""));
	const agents = () => {
		const answer = found();
		return answer && "agents" in answer ? answer : undefined;
	};
	const problem = () => {
		const answer = found();
		return answer && "problem" in answer ? answer.problem : undefined;
	};
	return (
		<Shell>
			<div class="page narrow">
				<header>
					<Title>{t("add.title")}</Title>
				</header>
				<Show when={found()} fallback={<Loading />}>
					<ProblemNotice problem={problem()} retry={() => void refetch()} />
				</Show>
				<Show when={agents()?.agents.length === 0}>
					<Notice>
						<p>{(agents()?.others ?? 0) > 0 ? t("add.otherBrowser") : t("add.noAgent")}</p>
						<p>
							<Link href="/agents">{t("first.how")}</Link>
						</p>
					</Notice>
				</Show>
				<Show when={agents()?.agents.length}>
					<Form agents={agents()?.agents ?? []} />
				</Show>
			</div>
		</Shell>
	);
}

function Form(props: { agents: Orderable[] }) {
	const typed = typedAccess();
	const [name, setName] = createSignal("");
	const [agentId, setAgentId] = createSignal(props.agents[0]?.pin.agentId ?? "");
	const [nameless, setNameless] = createSignal(false);
	const [step, setStep] = createSignal<"sealing" | "sending" | "waiting">();
	const [ended, setEnded] = createSignal<OrderEnd>();
	const [answered, setAnswered] = createSignal(false);
	/** What this form's tries made at the service: the next try corrects it. */
	const [made, setMade] = createSignal<{ id: string; name: string; pin: Pin }>();
	let form: HTMLFormElement | undefined;
	const stop = new AbortController();
	onCleanup(() => stop.abort());
	// Some browsers promise to keep keys only for a site that is in use, or that was bookmarked meanwhile.
	void askPersistence();

	const submit = async (event: SubmitEvent) => {
		event.preventDefault();
		if (step()) return;
		const read = typed.read();
		setNameless(name().trim() === "");
		const pin = props.agents.find((agent) => agent.pin.agentId === agentId())?.pin;
		if (!read || nameless()) form?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
		if (!read || nameless() || !pin) return;
		setEnded(undefined);
		setStep("sealing");
		setEnded(await send(read, name().trim(), pin));
		setStep(undefined);
	};
	const send = async ({ access, address }: NonNullable<ReturnType<typeof typed.read>>, called: string, pin: Pin) => {
		const before = made();
		if (before && before.pin.agentId !== pin.agentId) {
			const forget = await signCommand(vault, before.pin, { type: "camera.remove", camera: before.id });
			await api.deleteCamera(before.id, forget);
			setMade(undefined);
		}
		const id = made()?.id ?? newId();
		const deliver = async (command: string) => {
			const known = made();
			if (!known) return api.addCamera({ id, name: called, agentId: pin.agentId, address, command });
			const renamed = called === known.name ? undefined : await api.renameCamera(id, called);
			return renamed?.kind === "problem" ? renamed : api.readdressCamera(id, address, command);
		};
		return orderAccess(
			{ api, vault },
			{ pin, camera: id, access },
			async (command) => {
				const delivered = await deliver(command);
				if (delivered.kind === "ok") setMade({ id, name: called, pin });
				// Deleted in another window: the next try begins anew.
				if (delivered.kind === "problem" && delivered.problem.code === "not-found") setMade(undefined);
				return delivered;
			},
			setStep,
			stop.signal,
		);
	};
	const busy = () => {
		const at = step();
		return at && t(`add.${at}`);
	};
	const trying = () => (ended()?.end === "done" || ended()?.end === "silent" ? made() : undefined);
	const hear = (live: boolean) => {
		setAnswered(live);
		if (live) typed.forgetPassword();
	};
	const another = () => {
		setMade(undefined);
		setName("");
		typed.clear();
		setAnswered(false);
		setEnded(undefined);
	};
	return (
		<>
			<form ref={form} class="form" novalidate onSubmit={(event) => void submit(event)}>
				<Field
					label={t("add.name")}
					hint={t("add.nameHint")}
					fault={nameless() ? t("add.needName") : undefined}
					maxlength={80}
					required
					value={name()}
					onInput={(text) => {
						setName(text);
						setNameless(false);
					}}
				/>
				<Show when={props.agents.length > 1}>
					<label class="field">
						<span class="label">{t("add.agent")}</span>
						<select value={agentId()} onChange={(event) => setAgentId(event.currentTarget.value)}>
							<For each={props.agents}>{(agent) => <option value={agent.pin.agentId}>{agent.name}</option>}</For>
						</select>
					</label>
				</Show>
				<AccessFields typed={typed} passwordHint={t("add.passwordHint")} />
				<OrderFailed end={ended()} />
				<Show when={!answered()}>
					<Submit busy={busy()}>{ended() ? t("add.again") : t("add.action")}</Submit>
				</Show>
			</form>
			<Show when={trying()}>
				{(camera) => (
					<Trial camera={camera()} late={ended()?.end === "silent"} onAnswer={hear}>
						<Link class="button primary" href={`/cameras/${camera().id}`}>
							{t("add.view")}
						</Link>
						<button type="button" class="button" onClick={another}>
							{t("add.another")}
						</button>
					</Trial>
				)}
			</Show>
		</>
	);
}
