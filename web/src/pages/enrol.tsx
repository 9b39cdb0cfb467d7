import { inGroups } from "@mivisus/wire/enrolment";
import { createEffect, createSignal, Match, on, onCleanup, Show, Switch } from "solid-js";
import { api } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { askPersistence, browserLabel } from "../keys/device.ts";
import { type Candidate, claim, type EnrolRefusal, examine } from "../keys/enrol.ts";
import { vault } from "../keys/vault.ts";
import { Field, Loading, Notice, Submit, Title } from "../ui/parts.tsx";
import { Link } from "../ui/router.tsx";
import { account, pendingLink, setPendingLink } from "../ui/session.ts";
import { Shell } from "../ui/shell.tsx";
import { problemText } from "../ui/words.ts";

/** How long the page watches for the agent's own word, ms. */
const CONFIRM_MS = 30_000;
const POLL_MS = 1000;

type Step =
	| { at: "none" }
	| { at: "checking" }
	| { at: "ready"; candidate: Candidate }
	| { at: "waiting"; candidate: Candidate }
	| { at: "silent"; candidate: Candidate }
	| { at: "done"; candidate: Candidate }
	| { at: "refused"; refusal: EnrolRefusal | { code: "agent" } };

function refusalText(refusal: EnrolRefusal | { code: "agent" }): string {
	if (refusal.code === "problem") return problemText(refusal.problem);
	const keys = {
		"bad-link": "enrol.bad",
		expired: "enrol.expired",
		"fingerprint-mismatch": "enrol.mismatch",
		browser: "enrol.browser",
		"linked-already": "enrol.already",
		agent: "enrol.refused",
	} as const;
	return t(keys[refusal.code], { name: "name" in refusal ? refusal.name : "" });
}

function How() {
	return (
		<p>
			<Link href="/agents">{t("first.how")}</Link>
		</p>
	);
}

function Next() {
	return (
		<div class="row">
			<Link class="button primary" href="/cameras/new">
				{t("enrol.next")}
			</Link>
		</div>
	);
}

export function Enrol() {
	const [step, setStep] = createSignal<Step>({ at: "none" });
	const [label, setLabel] = createSignal(browserLabel(navigator.userAgent));
	const [busy, setBusy] = createSignal(false);
	const [kept, setKept] = createSignal(true);
	const stop = new AbortController();
	onCleanup(() => stop.abort());

	createEffect(
		on(pendingLink, async (fragment) => {
			if (fragment === undefined) return;
			setStep({ at: "checking" });
			const found = await examine(api, vault, account()?.id ?? "", fragment);
			setStep(found.ok ? { at: "ready", candidate: found.value } : { at: "refused", refusal: found.refusal });
		}),
	);
	/** The agent checks the MAC and says so to the service; the page waits for that word. A refused device is removed. */
	const confirmed = async (deviceId: string): Promise<"done" | "silent" | "refused"> => {
		for (const end = Date.now() + CONFIRM_MS; Date.now() < end && !stop.signal.aborted; ) {
			const result = await api.devices(stop.signal);
			const device = result.kind === "ok" ? result.value.devices.find(({ id }) => id === deviceId) : undefined;
			if (device?.confirmed) return "done";
			if (result.kind === "ok" && !device) return "refused";
			await new Promise((resolve) => setTimeout(resolve, POLL_MS));
		}
		return "silent";
	};
	const submit = async (event: SubmitEvent, candidate: Candidate) => {
		event.preventDefault();
		const owner = account();
		if (busy() || !owner) return;
		setBusy(true);
		setKept(await askPersistence());
		const claimed = await claim(api, vault, owner.id, candidate, label().trim() || "Browser");
		setBusy(false);
		if (!claimed.ok) return setStep({ at: "refused", refusal: claimed.refusal });
		setPendingLink(undefined);
		setStep({ at: "waiting", candidate });
		const answer = await confirmed(claimed.value.deviceId);
		if (answer === "refused") {
			await vault.forgetPin(claimed.value.agentId);
			setStep({ at: "refused", refusal: { code: "agent" } });
		} else setStep({ at: answer, candidate });
	};
	const candidate = () => {
		const current = step();
		return "candidate" in current ? current.candidate : undefined;
	};
	const refusal = () => {
		const current = step();
		return current.at === "refused" ? current.refusal : undefined;
	};
	return (
		<Shell>
			<div class="page narrow">
				<header>
					<Title>{step().at === "done" ? t("enrol.done") : t("enrol.title")}</Title>
				</header>
				<Switch>
					<Match when={step().at === "none"}>
						<Notice>
							<p>{t("enrol.none")}</p>
						</Notice>
						<How />
					</Match>
					<Match when={step().at === "checking"}>
						<Loading words={t("enrol.checking")} />
					</Match>
					<Match when={refusal()}>
						{(why) => (
							<>
								<Notice kind={why().code === "linked-already" ? "good" : "problem"}>
									<p>{refusalText(why())}</p>
								</Notice>
								<Show when={why().code === "linked-already"} fallback={<How />}>
									<Next />
								</Show>
							</>
						)}
					</Match>
					<Match when={step().at === "ready" && candidate()}>
						{(found) => (
							<form class="form" onSubmit={(event) => void submit(event, found())}>
								<p>{t("enrol.ready")}</p>
								<dl class="card">
									<div>
										<dt class="soft small">{t("enrol.name")}</dt>
										<dd>{found().name}</dd>
									</div>
									<div>
										<dt class="soft small">{t("enrol.fingerprint")}</dt>
										<dd class="mono fingerprint">{inGroups(found().fingerprint)}</dd>
									</div>
								</dl>
								<Notice kind="good">
									<p>{t("enrol.match")}</p>
								</Notice>
								<Field label={t("enrol.device")} maxlength={60} value={label()} onInput={setLabel} />
								<Submit busy={busy() ? t("enrol.busy") : undefined}>{t("enrol.action")}</Submit>
							</form>
						)}
					</Match>
					<Match when={step().at === "waiting"}>
						<Loading words={t("enrol.waiting")} />
					</Match>
					<Match when={(step().at === "done" || step().at === "silent") && candidate()}>
						{(found) => (
							<>
								<Notice kind={step().at === "done" ? "good" : "warning"}>
									<p>{step().at === "done" ? t("enrol.doneText", { name: found().name }) : t("enrol.silent")}</p>
								</Notice>
								<Show when={!kept()}>
									<Notice>
										<p>{t("enrol.storage")}</p>
									</Notice>
								</Show>
								<Next />
							</>
						)}
					</Match>
				</Switch>
			</div>
		</Shell>
	);
}
