import { createResource, For, Show } from "solid-js";
import type { HeldKind, RightsRequest } from "../api/answers.ts";
import { api } from "../api/client.ts";
import { dayOf, entries, type Key, language, t } from "../i18n/index.ts";
import { Loaded, Title } from "../ui/parts.tsx";
import { Link } from "../ui/router.tsx";
import { Shell } from "../ui/shell.tsx";
import { Copy, Directives, Erase, Objection, Restriction } from "./your-data-rights.tsx";

/** What is held of a person, and a button for every right. */
export function YourData() {
	const [held, { refetch }] = createResource(() => api.privacy());
	const again = async () => void (await refetch());
	return (
		<Shell>
			<div class="page">
				<header>
					<Title>{t("data.title")}</Title>
					<p class="lead">{t("data.lead")}</p>
					<p>
						<Link href="/privacy">{t("documents.privacy")}</Link>
					</p>
				</header>
				<Loaded result={held.latest} loading={held.loading} retry={() => void refetch()}>
					{(all) => (
						<>
							<section class="card" aria-labelledby="held">
								<h2 id="held">{t("data.held")}</h2>
								<ul class="list held" aria-labelledby="held">
									<For each={all().kinds}>{(kind) => <Kind kind={kind} />}</For>
								</ul>
							</section>
							<Copy onDone={again} />
							<section class="card" aria-labelledby="correct">
								<h2 id="correct">{t("data.correct")}</h2>
								<p>{t("data.correctText")}</p>
								<p class="row">
									<Link class="button" href="/account">
										{t("app.account")}
									</Link>
									<Link class="button" href="/">
										{t("app.cameras")}
									</Link>
								</p>
							</section>
							<Objection objected={all().objections.length > 0} onDone={again} />
							<Restriction onDone={again} />
							<Directives directives={all().directives} onDone={again} />
							<Requests requests={all().requests} />
							<Complain />
							<Erase />
						</>
					)}
				</Loaded>
			</div>
		</Shell>
	);
}

const BASIS: Record<HeldKind["basis"], Key> = {
	contract: "data.contract",
	"legitimate-interest": "data.interest",
	"legal-obligation": "data.law",
};
function Kind(props: { kind: HeldKind }) {
	const count = () => {
		if (props.kind.inMemory) return t("data.inMemory");
		if (props.kind.anonymous) return t("data.anonymous");
		return entries(props.kind.entries);
	};
	return (
		<li>
			<div>
				<h3>{props.kind.data[language()]}</h3>
				<p class="small soft">
					{t("data.whyText", { why: props.kind.why[language()], basis: t(BASIS[props.kind.basis]) })}
				</p>
				<p class="small soft">{t("data.keptText", { kept: props.kind.kept[language()] })}</p>
			</div>
			<span class="small count">{count()}</span>
		</li>
	);
}

const KINDS: Record<string, Key> = {
	access: "request.access",
	rectification: "request.rectification",
	erasure: "request.erasure",
	portability: "request.portability",
	objection: "request.objection",
	restriction: "request.restriction",
	directives: "request.directives",
};
function Requests(props: { requests: readonly RightsRequest[] }) {
	const state = ({ closedAt, outcome, dueAt }: RightsRequest) => {
		if (closedAt === null) return t("request.open", { day: dayOf(dueAt) });
		const words = { done: "request.done", refused: "request.refused", withdrawn: "request.withdrawn" } as const;
		return t(words[outcome ?? "done"], { day: dayOf(closedAt) });
	};
	return (
		<section class="card" aria-labelledby="requests">
			<h2 id="requests">{t("request.title")}</h2>
			<p class="soft">{t("request.lead")}</p>
			<Show when={props.requests.length > 0} fallback={<p>{t("request.none")}</p>}>
				<ul class="list" aria-labelledby="requests">
					<For each={props.requests}>
						{(request) => (
							<li>
								<div>
									<h3>{t(KINDS[request.kind] ?? "request.other")}</h3>
									<p class="small soft facts">
										<span>{t("request.received", { day: dayOf(request.receivedAt) })}</span>
										<span>{state(request)}</span>
									</p>
									<Show when={request.extension}>{(why) => <p class="small soft">{why()}</p>}</Show>
									<Show when={request.channel === "mail" && request.evidence}>
										{(said) => <p class="small soft">{said()}</p>}
									</Show>
								</div>
								<span class="small soft number">{request.number}</span>
							</li>
						)}
					</For>
				</ul>
			</Show>
		</section>
	);
}

/** Links that contact nobody until they are followed. */
const CNIL = "https://www.cnil.fr/fr/plaintes";
const AUTHORITIES = "https://www.edpb.europa.eu/about-edpb/about-edpb/members_en";
function Complain() {
	return (
		<section class="card" aria-labelledby="complain">
			<h2 id="complain">{t("complain.title")}</h2>
			<p>{t("complain.text")}</p>
			<ul>
				<li>
					<a href={CNIL} rel="noreferrer" hreflang="fr">
						{t("complain.cnil")}
					</a>
				</li>
				<li>
					<a href={AUTHORITIES} rel="noreferrer" hreflang="en">
						{t("complain.others")}
					</a>
				</li>
				<li>
					<a href="mailto:contact@mivisus.com">contact@mivisus.com</a>
				</li>
			</ul>
		</section>
	);
}
