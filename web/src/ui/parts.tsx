import CircleAlert from "lucide-solid/icons/circle-alert";
import CircleCheck from "lucide-solid/icons/circle-check";
import Eye from "lucide-solid/icons/eye";
import EyeOff from "lucide-solid/icons/eye-off";
import Info from "lucide-solid/icons/info";
import LoaderCircle from "lucide-solid/icons/loader-circle";
import TriangleAlert from "lucide-solid/icons/triangle-alert";
import { createEffect, createSignal, createUniqueId, type JSX, onCleanup, onMount, Show } from "solid-js";
import { Dynamic } from "solid-js/web";
import type { Problem, Result } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { problemOf, problemText } from "./words.ts";

/** Names the page in the tab, and gives its title the focus so that a screen reader begins there. */
export function Title(props: { children: string; hidden?: boolean }) {
	let heading: HTMLHeadingElement | undefined;
	createEffect(() => {
		document.title = `${props.children} · Mivisus`;
	});
	onMount(() => {
		if (document.activeElement === null || document.activeElement === document.body)
			heading?.focus({ preventScroll: true });
	});
	return (
		<h1 ref={heading} tabindex={-1} classList={{ "visually-hidden": props.hidden === true }}>
			{props.children}
		</h1>
	);
}

const ICONS = { problem: CircleAlert, warning: TriangleAlert, good: CircleCheck, plain: Info } as const;
/** Something the person should know, with a mark beside the words. */
export function Notice(props: { kind?: keyof typeof ICONS; children: JSX.Element }) {
	const kind = () => props.kind ?? "plain";
	return (
		<div class={`notice ${kind()}`} role={kind() === "problem" ? "alert" : "status"}>
			<Dynamic component={ICONS[kind()]} size={20} aria-hidden="true" />
			{props.children}
		</div>
	);
}
/** What the service refused, in words; with `retry`, a way on. */
export function ProblemNotice(props: { problem: Problem | undefined; retry?: () => void }) {
	return (
		<Show when={props.problem}>
			{(problem) => (
				// Who cancels the proof knows why nothing happened: that is no fault.
				<Notice kind={problem().code === "proof-required" ? "plain" : "problem"}>
					<p>{problemText(problem())}</p>
					<Show when={props.retry}>
						{(retry) => (
							<button type="button" class="button" onClick={() => retry()()}>
								{t("app.retry")}
							</button>
						)}
					</Show>
				</Notice>
			)}
		</Show>
	);
}

/** Appears only when something takes longer than a blink. */
export function Loading(props: { words?: string }) {
	const [late, setLate] = createSignal(false);
	const timer = setTimeout(() => setLate(true), 200);
	onCleanup(() => clearTimeout(timer));
	return (
		<p class="row soft" role="status">
			<Show when={late()}>
				<LoaderCircle size={20} class="turning" aria-hidden="true" />
				{props.words ?? t("app.loading")}
			</Show>
		</p>
	);
}

interface FieldProps {
	label: string;
	value: string;
	onInput: (value: string) => void;
	type?: "text" | "email" | "password" | "url";
	hint?: string | undefined;
	/** The hint changes while one types; a screen reader is told. */
	live?: boolean;
	fault?: string | undefined;
	/** Why the form cannot be sent yet, in the browser's own bubble. */
	barrier?: string | undefined;
	autocomplete?: string;
	required?: boolean;
	maxlength?: number;
	/** Typed text is taken letter by letter: no spelling, no capitals. */
	exact?: boolean;
	onBlur?: () => void;
}
/** A labelled input with a hint and a fault; passwords can be shown. */
export function Field(props: FieldProps) {
	const id = createUniqueId();
	const [shown, setShown] = createSignal(false);
	const password = () => props.type === "password";
	const exact = () => props.exact === true || password() || props.type === "email" || props.type === "url";
	let input: HTMLInputElement | undefined;
	createEffect(() => input?.setCustomValidity(props.barrier ?? ""));
	const described = () =>
		[props.hint && !props.fault && `${id}-hint`, props.fault && `${id}-fault`].filter(Boolean).join(" ");
	return (
		<div class="field">
			<label for={id}>{props.label}</label>
			<div classList={{ "with-button": password() }}>
				<input
					ref={input}
					id={id}
					type={password() && shown() ? "text" : (props.type ?? "text")}
					value={props.value}
					onInput={(event) => props.onInput(event.currentTarget.value)}
					onBlur={() => props.onBlur?.()}
					autocomplete={props.autocomplete ?? "off"}
					required={props.required ?? false}
					maxlength={props.maxlength ?? 256}
					autocapitalize={exact() ? "none" : "sentences"}
					spellcheck={exact() ? "false" : undefined}
					aria-invalid={props.fault ? "true" : undefined}
					aria-describedby={described() || undefined}
				/>
				<Show when={password()}>
					<button
						type="button"
						class="button icon"
						aria-label={shown() ? t("signIn.hide") : t("signIn.show")}
						onClick={() => setShown(!shown())}
					>
						<Dynamic component={shown() ? EyeOff : Eye} size={20} aria-hidden="true" />
					</button>
				</Show>
			</div>
			<Show when={props.hint && !props.fault}>
				<p class="hint" id={`${id}-hint`} aria-live={props.live ? "polite" : undefined}>
					{props.hint}
				</p>
			</Show>
			<Show when={props.fault}>
				<p class="fault" id={`${id}-fault`} role="alert">
					{props.fault}
				</p>
			</Show>
		</div>
	);
}

/** Somebody's address: where nothing else is said, the one that they sign in with. */
export function EmailField(props: {
	label?: string;
	hint?: string;
	autocomplete?: string;
	value: string;
	onInput: (value: string) => void;
}) {
	return (
		<Field
			label={props.label ?? t("signIn.email")}
			type="email"
			autocomplete={props.autocomplete ?? "username"}
			required
			hint={props.hint}
			value={props.value}
			onInput={props.onInput}
		/>
	);
}
/** The password that somebody has. */
export function PasswordField(props: {
	label?: string;
	fault?: string | undefined;
	value: string;
	onInput: (value: string) => void;
}) {
	return (
		<Field
			label={props.label ?? t("signIn.password")}
			type="password"
			autocomplete="current-password"
			required
			fault={props.fault}
			value={props.value}
			onInput={props.onInput}
		/>
	);
}

/** A list of the account's: once it has come, what `children` make of it; before, that it comes, or why it does not. */
export function Loaded<T>(props: {
	result: Result<T> | undefined;
	loading: boolean;
	retry: () => void;
	children: (value: () => T) => JSX.Element;
}) {
	const value = () => (props.result?.kind === "ok" ? props.result.value : undefined);
	const problem = () => props.result && problemOf(props.result);
	return (
		<Show
			when={value()}
			fallback={
				<Show when={props.loading} fallback={<ProblemNotice problem={problem()} retry={props.retry} />}>
					<Loading />
				</Show>
			}
		>
			{(loaded) => props.children(loaded)}
		</Show>
	);
}

/** Password managers otherwise do not know whose password a form asks for. */
export function UsernameForManagers(props: { email: string }) {
	return <input type="text" hidden autocomplete="username" value={props.email} readonly />;
}

/** The one action of a form: says what it is doing while it does it. */
export function Submit(props: { children: string; busy: string | undefined; disabled?: boolean }) {
	return (
		<button class="button primary" type="submit" disabled={props.busy !== undefined || props.disabled === true}>
			<Show when={props.busy !== undefined} fallback={props.children}>
				<LoaderCircle size={20} class="turning" aria-hidden="true" />
				{props.busy}
			</Show>
		</button>
	);
}

/** A question that must be answered before going on. */
export function Confirm(props: {
	title: string;
	text: string;
	/** What else is to be known before the answer. */
	children?: JSX.Element;
	action: string;
	danger?: boolean;
	onConfirm: () => void;
	onClose: () => void;
}) {
	const id = createUniqueId();
	let dialog: HTMLDialogElement | undefined;
	onMount(() => dialog?.showModal());
	return (
		<dialog ref={dialog} aria-labelledby={id} onClose={() => props.onClose()}>
			<h2 id={id}>{props.title}</h2>
			<p>{props.text}</p>
			{props.children}
			<div class="row choices">
				<button
					type="button"
					class="button"
					classList={{ danger: props.danger === true, primary: props.danger !== true }}
					onClick={() => {
						props.onConfirm();
						dialog?.close();
					}}
				>
					{props.action}
				</button>
				{/* A second press of Enter must not confirm what nobody has read. */}
				<button type="button" class="button quiet" autofocus onClick={() => dialog?.close()}>
					{t("app.cancel")}
				</button>
			</div>
		</dialog>
	);
}
