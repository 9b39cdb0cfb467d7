import { AGREEMENT_VERSION, TERMS_VERSION } from "@mivisus/wire/terms";
import { For } from "solid-js";
import { AGREEMENT, type Document, TERMS } from "../i18n/documents.ts";
import { dayText, language, t } from "../i18n/index.ts";
import { Title } from "../ui/parts.tsx";
import { Shell } from "../ui/shell.tsx";

function Page(props: { title: string; version: string; document: Document }) {
	return (
		<Shell>
			<div class="page">
				<header>
					<Title>{props.title}</Title>
					<p class="lead">{t("documents.version", { day: dayText(props.version) })}</p>
				</header>
				<For each={props.document}>
					{([heading, ...paragraphs]) => (
						<section class="clause">
							<h2>{heading}</h2>
							<For each={paragraphs}>{(paragraph) => <p>{paragraph}</p>}</For>
						</section>
					)}
				</For>
				<p class="soft">
					{t("documents.questions")} <a href="mailto:contact@mivisus.com">contact@mivisus.com</a>
				</p>
			</div>
		</Shell>
	);
}

/** What an account accepts at sign-up. */
export const Terms = () => <Page title={t("documents.terms")} version={TERMS_VERSION} document={TERMS[language()]} />;
/** GDPR, article 28(3): for the pictures of people whom a customer's cameras film. */
export const ProcessingAgreement = () => (
	<Page title={t("documents.processing")} version={AGREEMENT_VERSION} document={AGREEMENT[language()]} />
);
