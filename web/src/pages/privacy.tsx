import { policy } from "virtual:policy";
import { Show } from "solid-js";
import { language, t } from "../i18n/index.ts";
import { Title } from "../ui/parts.tsx";
import { Link } from "../ui/router.tsx";
import { account } from "../ui/session.ts";
import { Shell } from "../ui/shell.tsx";

/** The policy as it is published: the words of PRIVACY.md, which the tests hold the code to. */
export function PrivacyPolicy() {
	return (
		<Shell>
			<div class="page">
				<header>
					<Title>{t("documents.privacy")}</Title>
					<Show when={account()}>
						<p class="lead">
							{t("documents.rights")} <Link href="/your-data">{t("data.title")}</Link>
						</p>
					</Show>
				</header>
				<div class="prose" innerHTML={policy[language()]} />
			</div>
		</Shell>
	);
}
