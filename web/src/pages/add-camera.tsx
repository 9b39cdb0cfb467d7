import { displayPath } from "@mivisus/wire/address";
import { newId } from "@mivisus/wire/ids";
import type { CameraAccess } from "@mivisus/wire/signed";
import { createResource, createSignal, For, onCleanup, Show } from "solid-js";
import { api, type Problem } from "../api/client.ts";
import { agentSays } from "../i18n/agent.ts";
import { t } from "../i18n/index.ts";
import { formatAddress, parseAddress, type TypedAddress } from "../keys/address.ts";
import { signCameraAccess, signCommand } from "../keys/command.ts";
import { vault } from "../keys/vault.ts";
import { Field, Loading, Notice, ProblemNotice, Submit, Title } from "../ui/parts.tsx";
import { Picture, whyText } from "../ui/picture.tsx";
import { Link } from "../ui/router.tsx";
import { account } from "../ui/session.ts";
import { Shell } from "../ui/shell.tsx";
import type { ViewState } from "../watch/protocol.ts";
import { awaitOrder, type Orderable, orderableAgents, orderId } from "./orders.ts";

/** Only a browser that linked an agent can add cameras: the access is sealed here, to the key pinned here. */
export function AddCamera() {
	const [found, { refetch }] = createResource(() => orderableAgents(account()?.id ?? ""));
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
					<Notice kind="warning">
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

type Step = "sealing" | "sending" | "waiting";
type Ended =
	| { kind: "trying"; id: string; name: string; late: boolean }
	| { kind: "refused"; detail: string }
	| { kind: "problem"; problem: Problem }
	| { kind: "key-changed" };

function Form(props: { agents: Orderable[] }) {
	const [name, setName] = createSignal("");
	const [address, setAddress] = createSignal("");
	const [user, setUser] = createSignal("");
	const [password, setPassword] = createSignal("");
	const [agentId, setAgentId] = createSignal(props.agents[0]?.pin.agentId ?? "");
	const [faults, setFaults] = createSignal<{ name?: string; address?: string }>({});
	const [split, setSplit] = createSignal(false);
	const [step, setStep] = createSignal<Step>();
	const [ended, setEnded] = createSignal<Ended>();
	const [answered, setAnswered] = createSignal(false);
	/** What an earlier try left behind at the service, to be replaced. */
	let left: string | undefined;
	let form: HTMLFormElement | undefined;
	const stop = new AbortController();
	onCleanup(() => stop.abort());

	/** A pasted URL with credentials is taken apart: what is secret goes where secrets are hidden. */
	const takeApart = (text: string) => {
		setAddress(text);
		setFaults((before) => ({ ...before, address: undefined as never }));
		const typed = /^\s*rtsps?:\/\//i.test(text) ? parseAddress(text) : undefined;
		if (typed?.user === undefined) return;
		if (text.trim().endsWith("@")) return;
		separate(typed);
	};
	const separate = (typed: TypedAddress) => {
		setAddress(formatAddress(typed.address));
		setUser(typed.user ?? "");
		setPassword(typed.password ?? "");
		setSplit(true);
	};
	const check = (): TypedAddress | undefined => {
		const typed = parseAddress(address());
		const wrong = {
			...(name().trim() === "" && { name: t("add.needName") }),
			...(!typed && { address: t("add.badAddress") }),
		};
		setFaults(wrong);
		if (typed?.user !== undefined) separate(typed);
		return Object.keys(wrong).length === 0 ? typed : undefined;
	};
	const submit = async (event: SubmitEvent) => {
		event.preventDefault();
		const typed = check();
		const chosen = props.agents.find(({ pin }) => pin.agentId === agentId());
		if (!typed) form?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
		if (!typed || !chosen || step()) return;
		setEnded(undefined);
		setStep("sealing");
		setEnded(await send(typed, chosen));
		setStep(undefined);
	};
	const send = async ({ address: where }: TypedAddress, chosen: Orderable): Promise<Ended | undefined> => {
		// Asked again right before sealing: the pin must agree with what the service shows now.
		const now = await orderableAgents(chosen.pin.account, stop.signal);
		if (!now) return undefined;
		if ("problem" in now) return { kind: "problem", problem: now.problem };
		const agent = now.agents.find(({ pin }) => pin.agentId === chosen.pin.agentId);
		if (!agent?.genuine) return { kind: "key-changed" };
		if (left !== undefined) {
			await api.deleteCamera(left, await signCommand(vault, agent.pin, { type: "camera.remove", camera: left }));
			left = undefined;
		}
		const access: CameraAccess = {
			v: 1,
			url: where,
			...(user() !== "" && { user: user() }),
			...(password() !== "" && { password: password() }),
		};
		const id = newId();
		const command = await signCameraAccess(vault, agent.pin, id, access);
		setStep("sending");
		// The service gets an address to show; what a path may hold of user and password stays in the sealed one.
		const address = { ...where, path: displayPath(where.path) };
		const created = await api.addCamera({ id, name: name().trim(), agentId: agent.pin.agentId, address, command });
		if (created.kind === "problem") return { kind: "problem", problem: created.problem };
		if (created.kind === "aborted") return undefined;
		left = id;
		setStep("waiting");
		const outcome = await awaitOrder(orderId(command), stop.signal);
		switch (outcome.end) {
			case "refused":
				return { kind: "refused", detail: outcome.detail };
			case "problem":
				return { kind: "problem", problem: outcome.problem };
			case "aborted":
				return undefined;
			default:
				return { kind: "trying", id, name: name().trim(), late: outcome.end === "silent" };
		}
	};
	const busy = () => {
		const at = step();
		return at && t(`add.${at}`);
	};
	const trying = () => {
		const it = ended();
		return it?.kind === "trying" ? it : undefined;
	};
	const refusal = () => {
		const it = ended();
		if (it?.kind === "refused") return t("add.refused", { detail: agentSays(it.detail) });
		return it?.kind === "key-changed" ? t("add.keyChanged") : undefined;
	};
	const problem = () => {
		const it = ended();
		return it?.kind === "problem" ? it.problem : undefined;
	};
	/** What the camera said to the agent, when it was not a picture. */
	const [said, setSaid] = createSignal<string>();
	const hear = ({ mark, why }: ViewState) => {
		if (mark === "live") setAnswered(true);
		const answer = why && /^(camera-|stream-|off$|codec$)/.test(why.code);
		setSaid(answer ? whyText(why) : undefined);
	};
	/** On a small screen the answer appears below the fold. */
	const show = (card: HTMLElement) => {
		const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
		queueMicrotask(() => card.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" }));
	};
	const another = () => {
		left = undefined;
		for (const set of [setName, setAddress, setUser, setPassword]) set("");
		setSplit(false);
		setAnswered(false);
		setEnded(undefined);
	};
	return (
		<>
			<form ref={form} class="form" novalidate onSubmit={(event) => void submit(event)}>
				<Field
					label={t("add.name")}
					hint={t("add.nameHint")}
					fault={faults().name}
					maxlength={80}
					required
					value={name()}
					onInput={(text) => {
						setName(text);
						setFaults((before) => ({ ...before, name: undefined as never }));
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
				<Field
					label={t("add.address")}
					hint={split() ? t("add.split") : t("add.addressHint")}
					fault={faults().address}
					maxlength={1500}
					exact
					required
					value={address()}
					onInput={takeApart}
				/>
				<Field label={t("add.user")} hint={t("add.userHint")} exact value={user()} onInput={setUser} />
				<Field
					label={t("add.password")}
					type="password"
					autocomplete="off"
					hint={t("add.passwordHint")}
					value={password()}
					onInput={setPassword}
				/>
				<ProblemNotice problem={problem()} />
				<Show when={refusal()}>
					{(text) => (
						<Notice kind="problem">
							<p>{text()}</p>
						</Notice>
					)}
				</Show>
				<Show when={!answered()}>
					<Submit busy={busy()}>{ended() ? t("add.again") : t("add.action")}</Submit>
				</Show>
			</form>
			<Show when={trying()}>
				{(camera) => (
					<section ref={show} class="card" aria-label={camera().name}>
						<Notice kind={answered() ? "good" : said() ? "problem" : camera().late ? "warning" : "plain"}>
							<p>
								{answered() ? t("add.answered") : (said() ?? (camera().late ? t("add.agentSilent") : t("add.trying")))}
							</p>
							<Show when={said()}>
								<p>{t("add.kept")}</p>
							</Show>
						</Notice>
						<Picture camera={camera()} onState={hear} wordless={said() !== undefined} always />
						<Show when={answered()}>
							<div class="row choices">
								<Link class="button primary" href={`/cameras/${camera().id}`}>
									{t("add.view")}
								</Link>
								<button type="button" class="button" onClick={another}>
									{t("add.another")}
								</button>
							</div>
						</Show>
					</section>
				)}
			</Show>
		</>
	);
}
