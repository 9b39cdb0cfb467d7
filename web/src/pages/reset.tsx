import { createSignal, Show } from "solid-js";
import { api } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { NoLink, useMailedLink } from "../ui/mailed-link.tsx";
import { NewPassword } from "../ui/new-password.tsx";
import { ProblemNotice, Submit, Title } from "../ui/parts.tsx";
import { Link, navigate } from "../ui/router.tsx";
import { mailedToken, setGreeting, signedOutElsewhere } from "../ui/session.ts";
import { Shell } from "../ui/shell.tsx";

/** Where the mail about a new password leads. */
export function Reset() {
	const [password, setPassword] = createSignal("");
	const link = useMailedLink({
		ask: (token) => api.reset({ token, password: password() }),
		onDone: () => {
			signedOutElsewhere();
			navigate("/sign-in", { replace: true });
			setGreeting({ words: t("reset.done"), at: "/sign-in" });
		},
	});
	return (
		<Shell>
			<div class="page door">
				<header>
					<Title>{t("reset.title")}</Title>
					<Show when={mailedToken()}>
						<p class="lead">{t("reset.lead")}</p>
					</Show>
				</header>
				<Show when={mailedToken()} fallback={<NoLink problem={link.problem()} />}>
					<form class="form" onSubmit={link.submit}>
						<NewPassword label={t("password.new")} value={password()} own={[]} onInput={setPassword} />
						<ProblemNotice problem={link.problem()} />
						<Submit busy={link.busy() ? t("reset.busy") : undefined}>{t("reset.action")}</Submit>
					</form>
				</Show>
				<p class="soft">
					<Link href="/forgot">{t("reset.another")}</Link>
				</p>
			</div>
		</Shell>
	);
}
