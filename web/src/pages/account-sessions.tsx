import { createResource, createSignal, For, Show } from "solid-js";
import type { ListedSession } from "../api/answers.ts";
import { api } from "../api/client.ts";
import { dayOf, dayText, t } from "../i18n/index.ts";
import { Confirm, Loaded, ProblemNotice } from "../ui/parts.tsx";
import { Rename } from "../ui/rename.tsx";
import { useTask } from "../ui/task.ts";

/** Where the account is signed in; one session, or all others, can be ended. */
export function Sessions() {
	const [sessions, { refetch }] = createResource(() => api.sessions());
	const [asked, setAsked] = createSignal<ListedSession | "others">();
	const { problem, setProblem, take } = useTask();
	const nameOf = (session: ListedSession) => session.label || t("sessions.unnamed");
	const end = async (which: ListedSession | "others") => {
		setProblem(undefined);
		await take(which === "others" ? api.endOtherSessions() : api.endSession(which.id));
		await refetch();
	};
	const question = (which: ListedSession | "others") =>
		which === "others"
			? { title: t("sessions.endOthersTitle"), text: t("sessions.endOthersText"), action: t("sessions.endOthers") }
			: {
					title: t("sessions.endTitle", { name: nameOf(which) }),
					text: t("sessions.endText"),
					action: t("sessions.endShort"),
				};
	return (
		<section class="card" aria-labelledby="sessions">
			<h2 id="sessions">{t("sessions.title")}</h2>
			<p class="soft">{t("sessions.lead")}</p>
			<ProblemNotice problem={problem()} />
			<Loaded result={sessions.latest} loading={sessions.loading} retry={() => void refetch()}>
				{(all) => (
					<>
						<ul class="list" aria-labelledby="sessions">
							<For each={all().sessions}>
								{(session) => (
									<li>
										<div>
											<h3>{nameOf(session)}</h3>
											<p class="small soft facts">
												<Show when={session.current}>
													<strong>{t("sessions.here")}</strong>
												</Show>
												<span>{t("sessions.since", { day: dayOf(session.createdAtMs) })}</span>
												<Show when={session.lastUsedDay}>
													{(day) => <span>{t("sessions.used", { day: dayText(day()) })}</span>}
												</Show>
											</p>
										</div>
										<Rename what="sessions" id={session.id} name={nameOf(session)} onDone={() => void refetch()} />
										<Show when={!session.current}>
											<button
												type="button"
												class="button"
												aria-label={t("sessions.end", { name: nameOf(session) })}
												onClick={() => setAsked(session)}
											>
												{t("sessions.endShort")}
											</button>
										</Show>
									</li>
								)}
							</For>
						</ul>
						<Show when={all().sessions.length > 1}>
							<button type="button" class="button" onClick={() => setAsked("others")}>
								{t("sessions.endOthers")}
							</button>
						</Show>
					</>
				)}
			</Loaded>
			<Show when={asked()}>
				{(which) => (
					<Confirm
						danger
						{...question(which())}
						onConfirm={() => void end(which())}
						onClose={() => setAsked(undefined)}
					/>
				)}
			</Show>
		</section>
	);
}
