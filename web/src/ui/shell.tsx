import Cctv from "lucide-solid/icons/cctv";
import Laptop from "lucide-solid/icons/laptop-minimal";
import LogOut from "lucide-solid/icons/log-out";
import Plus from "lucide-solid/icons/plus";
import UserRound from "lucide-solid/icons/user-round";
import { createSignal, type JSX, Show } from "solid-js";
import { language, setLanguage, t } from "../i18n/index.ts";
import { Notice } from "./parts.tsx";
import { Link, navigate, path } from "./router.tsx";
import { account, greeting, signOut } from "./session.ts";

function Mark() {
	return (
		<svg width="28" height="28" viewBox="0 0 32 32" aria-hidden="true">
			<rect width="32" height="32" rx="8" fill="var(--accent)" />
			<path
				d="M7 22V10l9 8 9-8v12"
				fill="none"
				stroke="var(--on-accent)"
				stroke-width="3"
				stroke-linecap="round"
				stroke-linejoin="round"
			/>
		</svg>
	);
}

/** Signs out and says whether it worked. */
export async function leaveForGood(): Promise<boolean> {
	if ((await signOut()) !== undefined) return false;
	navigate("/sign-in");
	return true;
}

/** The slim bar above every page. `summary` is one sentence about all cameras. */
export function Shell(props: { children: JSX.Element; summary?: JSX.Element; dark?: boolean }) {
	const [still, setStill] = createSignal(false);
	const leave = async () => setStill(!(await leaveForGood()));
	const here = (to: string) => (path() === to ? "page" : undefined);
	return (
		<div class="shell" classList={{ dark: props.dark === true }}>
			<a class="skip" href="#content">
				{t("app.skip")}
			</a>
			<header class="bar">
				<Link class="mark" href="/" aria-label="Mivisus">
					<Mark />
					<span class="word">Mivisus</span>
				</Link>
				<span class="summary" role="status">
					{props.summary}
				</span>
				<nav aria-label={t("app.nav")}>
					<Show when={account()}>
						<Link class="button quiet" href="/" title={t("app.cameras")} aria-current={here("/")}>
							<Cctv size={20} aria-hidden="true" />
							<span class="word">{t("app.cameras")}</span>
						</Link>
						<Link
							class="button quiet"
							href="/cameras/new"
							title={t("app.addCamera")}
							aria-current={here("/cameras/new")}
						>
							<Plus size={20} aria-hidden="true" />
							<span class="word">{t("app.addCamera")}</span>
						</Link>
						<Link class="button quiet" href="/agents" title={t("app.agents")} aria-current={here("/agents")}>
							<Laptop size={20} aria-hidden="true" />
							<span class="word">{t("app.agents")}</span>
						</Link>
						<Link class="button quiet" href="/account" title={t("app.account")} aria-current={here("/account")}>
							<UserRound size={20} aria-hidden="true" />
							<span class="word">{t("app.account")}</span>
						</Link>
					</Show>
					<button
						type="button"
						class="button quiet language"
						lang={language() === "en" ? "fr" : "en"}
						aria-label={t("app.language")}
						title={t("app.language")}
						onClick={() => setLanguage(language() === "en" ? "fr" : "en")}
					>
						{language() === "en" ? "FR" : "EN"}
					</button>
					<Show when={account()}>
						<button type="button" class="button quiet leave" title={t("app.signOut")} onClick={() => void leave()}>
							<LogOut size={20} aria-hidden="true" />
							<span class="word">{t("app.signOut")}</span>
						</button>
					</Show>
				</nav>
			</header>
			<main id="content" tabindex={-1}>
				<Show when={still()}>
					<Notice kind="problem">
						<p>{t("app.stillSignedIn")}</p>
					</Notice>
				</Show>
				<Show when={greeting()}>
					{(said) => (
						<div class="greeting">
							<Notice kind="good">
								<p>{said().words}</p>
							</Notice>
						</div>
					)}
				</Show>
				{props.children}
			</main>
			<Show when={account() === null}>
				<footer class="footer small soft">
					<Link href="/privacy">{t("documents.privacy")}</Link>
					<Link href="/terms">{t("documents.terms")}</Link>
					<Link href="/processing">{t("documents.processing")}</Link>
					<Link href="/verify-export">{t("verify.title")}</Link>
				</footer>
			</Show>
		</div>
	);
}
