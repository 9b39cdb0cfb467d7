import { createSignal, Show } from "solid-js";
import { api } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { NoLink, useMailedLink } from "../ui/mailed-link.tsx";
import { Notice, ProblemNotice, Submit, Title } from "../ui/parts.tsx";
import { Link } from "../ui/router.tsx";
import { mailedToken } from "../ui/session.ts";
import { Shell } from "../ui/shell.tsx";

/** Where a person is after they asked for their account to be erased. */
export function Left() {
	return (
		<Shell>
			<div class="page door">
				<header>
					<Title>{t("left.title")}</Title>
					<p class="lead">{t("left.lead")}</p>
				</header>
				<p>
					<Link href="/sign-in">{t("signIn.action")}</Link>
				</p>
			</div>
		</Shell>
	);
}

/** Where the mail leads that says that an account will be erased. */
export function Undo() {
	const [done, setDone] = createSignal(false);
	const link = useMailedLink({
		ask: (token) => api.undoLeaving(token),
		onDone: () => void setDone(true),
	});
	return (
		<Shell>
			<div class="page door">
				<header>
					<Title>{t("undo.title")}</Title>
					<Show when={mailedToken()}>
						<p class="lead">{t("undo.lead")}</p>
					</Show>
				</header>
				<Show when={done()}>
					<Notice kind="good">
						<p>{t("undo.done")}</p>
					</Notice>
					<p>
						<Link class="button primary" href="/sign-in">
							{t("signIn.action")}
						</Link>
					</p>
				</Show>
				<Show when={!done() && !mailedToken()}>
					<NoLink problem={link.problem()} />
				</Show>
				<Show when={mailedToken()}>
					<ProblemNotice problem={link.problem()} />
					<form class="form" onSubmit={link.submit}>
						<Submit busy={link.busy() ? t("undo.busy") : undefined}>{t("undo.action")}</Submit>
					</form>
				</Show>
			</div>
		</Shell>
	);
}
