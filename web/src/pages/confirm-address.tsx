import { createSignal, Show } from "solid-js";
import { api } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { NoLink, useMailedLink } from "../ui/mailed-link.tsx";
import { Notice, ProblemNotice, Submit, Title } from "../ui/parts.tsx";
import { Link } from "../ui/router.tsx";
import { loadSession, mailedToken } from "../ui/session.ts";
import { Shell } from "../ui/shell.tsx";

/** Where the mail to a new address leads. */
export function ConfirmAddress() {
	const [done, setDone] = createSignal(false);
	const link = useMailedLink({
		ask: (token) => api.confirmAddress(token),
		onDone: () => {
			setDone(true);
			return loadSession();
		},
	});
	return (
		<Shell>
			<div class="page door">
				<header>
					<Title>{t("address.title")}</Title>
					<Show when={mailedToken()}>
						<p class="lead">{t("address.lead")}</p>
					</Show>
				</header>
				<Show when={done()}>
					<Notice kind="good">
						<p>{t("address.done")}</p>
					</Notice>
				</Show>
				<Show when={!done() && !mailedToken()}>
					<NoLink problem={link.problem()} />
					<p>
						{t("address.again")} <Link href="/account">{t("app.account")}</Link>
					</p>
				</Show>
				<Show when={mailedToken()}>
					<ProblemNotice problem={link.problem()} />
					<form class="form" onSubmit={link.submit}>
						<Submit busy={link.busy() ? t("address.busy") : undefined}>{t("address.action")}</Submit>
					</form>
				</Show>
				<p class="soft">
					<Link href="/">{t("app.home")}</Link>
				</p>
			</div>
		</Shell>
	);
}
