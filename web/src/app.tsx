import { createEffect, Match, onMount, Show, Switch } from "solid-js";
import { t } from "./i18n/index.ts";
import { AccountPage } from "./pages/account.tsx";
import { AddCamera } from "./pages/add-camera.tsx";
import { Agents } from "./pages/agents.tsx";
import { BringAlong } from "./pages/bring-along.tsx";
import { CameraSettings } from "./pages/camera-settings.tsx";
import { Confirm } from "./pages/confirm.tsx";
import { ConfirmAddress } from "./pages/confirm-address.tsx";
import { ProcessingAgreement, Terms } from "./pages/documents.tsx";
import { Enrol } from "./pages/enrol.tsx";
import { Forgot } from "./pages/forgot.tsx";
import { Home } from "./pages/home.tsx";
import { Left, Undo } from "./pages/leaving.tsx";
import { Live } from "./pages/live.tsx";
import { PrivacyPolicy } from "./pages/privacy.tsx";
import { ReceiptPage } from "./pages/receipt.tsx";
import { Reset } from "./pages/reset.tsx";
import { SignIn } from "./pages/sign-in.tsx";
import { SignUp } from "./pages/sign-up.tsx";
import { VerifyExport } from "./pages/verify-export.tsx";
import { YourData } from "./pages/your-data.tsx";
import { Loading, ProblemNotice, Title } from "./ui/parts.tsx";
import { Proof } from "./ui/proof.tsx";
import { Link, match, path } from "./ui/router.tsx";
import { account, greeting, loadSession, sessionProblem, setGreeting } from "./ui/session.ts";
import { Shell } from "./ui/shell.tsx";
import { viewer } from "./watch/viewer.ts";

/** Chooses the page. Who is not signed in signs in first, and then is where they wanted to go. */
export function App() {
	onMount(() => void loadSession());
	createEffect(() => {
		if (account() === null) viewer.stop();
	});
	createEffect(() => {
		if (greeting() && greeting()?.at !== path()) setGreeting(undefined);
	});
	const live = () => match("/cameras/:id", path())?.["id"];
	const settings = () => match("/cameras/:id/settings", path())?.["id"];
	return (
		<>
			<Proof />
			<Switch
				fallback={
					<Show when={account() !== null} fallback={<SignIn />}>
						<Shell>
							<div class="page">
								<Show when={sessionProblem()} fallback={<Loading />}>
									{(problem) => <ProblemNotice problem={problem()} retry={() => void loadSession()} />}
								</Show>
							</div>
						</Shell>
					</Show>
				}
			>
				<Match when={path() === "/sign-in"}>
					<SignIn />
				</Match>
				<Match when={path() === "/sign-up"}>
					<SignUp />
				</Match>
				<Match when={path() === "/confirm"}>
					<Confirm />
				</Match>
				<Match when={path() === "/forgot"}>
					<Forgot />
				</Match>
				<Match when={path() === "/reset"}>
					<Reset />
				</Match>
				<Match when={path() === "/confirm-address"}>
					<ConfirmAddress />
				</Match>
				<Match when={path() === "/undo"}>
					<Undo />
				</Match>
				<Match when={path() === "/receipt"}>
					<ReceiptPage />
				</Match>
				<Match when={path() === "/verify-export"}>
					<VerifyExport />
				</Match>
				<Match when={path() === "/left"}>
					<Left />
				</Match>
				<Match when={path() === "/privacy"}>
					<PrivacyPolicy />
				</Match>
				<Match when={path() === "/terms"}>
					<Terms />
				</Match>
				<Match when={path() === "/processing"}>
					<ProcessingAgreement />
				</Match>
				<Match when={account()}>
					<Switch
						fallback={
							<Shell>
								<div class="page">
									<header>
										<Title>{t("app.notFound")}</Title>
										<p class="lead">{t("app.notFoundText")}</p>
									</header>
									<p>
										<Link href="/">{t("app.home")}</Link>
									</p>
								</div>
							</Shell>
						}
					>
						<Match when={path() === "/"}>
							<Home />
						</Match>
						<Match when={path() === "/enrol"}>
							<Enrol />
						</Match>
						<Match when={path() === "/account"}>
							<AccountPage />
						</Match>
						<Match when={path() === "/bring-along"}>
							<BringAlong />
						</Match>
						<Match when={path() === "/your-data"}>
							<YourData />
						</Match>
						<Match when={path() === "/agents"}>
							<Agents />
						</Match>
						<Match when={path() === "/cameras/new"}>
							<AddCamera />
						</Match>
						<Match when={settings()} keyed>
							{(id) => <CameraSettings id={id} />}
						</Match>
						<Match when={live()} keyed>
							{(id) => <Live id={id} />}
						</Match>
					</Switch>
				</Match>
			</Switch>
		</>
	);
}
