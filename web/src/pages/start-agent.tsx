import { createSignal, For, onCleanup, Show } from "solid-js";
import { t } from "../i18n/index.ts";

const COPIED_MS = 2000;

/**
 * The command that starts an agent for this very service, or has one show a link for a further browser. Until the agent
 * comes as one file, it runs from the source.
 */
export function StartCommand(props: { further?: boolean }) {
	const words = ["npm run agent", "--", ...(props.further ? ["enrol"] : []), "--origin", location.origin];
	const [copied, setCopied] = createSignal(false);
	let timer: ReturnType<typeof setTimeout> | undefined;
	onCleanup(() => clearTimeout(timer));
	const copy = async () => {
		await navigator.clipboard.writeText(words.join(" "));
		setCopied(true);
		clearTimeout(timer);
		timer = setTimeout(() => setCopied(false), COPIED_MS);
	};
	return (
		<div class="command">
			<code>
				{/* Broken between words, not at their hyphens. */}
				<For each={words}>{(word) => <span>{word} </span>}</For>
			</code>
			{/* Over plain http there is no clipboard. */}
			<Show when={navigator.clipboard}>
				<button type="button" class="button" onClick={() => copy().catch(() => {})}>
					<span aria-live="polite">{copied() ? t("app.copied") : t("app.copy")}</span>
				</button>
			</Show>
		</div>
	);
}
