import { AGREEMENT_VERSION, TERMS_VERSION } from "@mivisus/wire/terms";
import type { Proved } from "../accounts/accounts.ts";
import { type Email, mailboxOf, parseEmail } from "../accounts/email.ts";
import { Problem } from "../problems.ts";
import { setCookie } from "../sessions/sessions.ts";
import { type Rooms, waitOr } from "./rooms.ts";
import { dated, type Route, route } from "./route.ts";
import * as S from "./schemas.ts";

function addressOf(typed: string): Email {
	const email = parseEmail(typed);
	if (!email) throw new Problem("not-an-address");
	return email;
}

/** By what the guard knows an account, whether there is one or not. */
const guardKey = (typedEmail: string): string => parseEmail(typedEmail)?.key ?? "";

/** Accounts, sessions and passkeys. */
export function accountRoutes({ accounts, sessions, passkeys, guard, open, mails, mailboxes }: Rooms): Route[] {
	/** However a person got in: the account is at home in this network from now on. `undefined` when `proof` holds no more. */
	const signedIn = async ({ account, proof }: Proved, label: string, network: string) => {
		const cookie = await sessions.begin(account.id, label, proof);
		if (cookie === undefined) return undefined;
		guard.succeeded(guardKey(account.email), network);
		return { status: 200 as const, body: { account }, setCookie: setCookie(cookie) };
	};
	/** Before a mail goes to an address that anybody may have typed. */
	const mayMail = (letter: "confirmation" | "reset" | "sign-up", email: Email, network: string): void => {
		waitOr(mails.take(network));
		waitOr(mailboxes.take(`${letter} ${mailboxOf(email.key)}`));
	};
	/** Does what a password is checked for, as often as the guard lets `key` try from `network`. */
	const guarded = async <T>(key: string, network: string, work: () => Promise<T>): Promise<T> => {
		waitOr(guard.attempt(key, network));
		const done = await work();
		guard.succeeded(key, network);
		return done;
	};
	/** Anybody may have a mail with a link sent, to whatever address. */
	const mailLink = (letter: "confirmation" | "reset", path: string, summary: string) =>
		route({
			method: "POST",
			path,
			who: "anyone",
			summary,
			body: S.EmailBody,
			status: 202,
			handle: async ({ body, network }) => {
				waitOr(open.take(network));
				const email = addressOf(body.email);
				mayMail(letter, email, network);
				await accounts.askLink(letter, email);
				return { status: 202, body: {} };
			},
		});
	return [
		route({
			method: "POST",
			path: "/accounts",
			who: "anyone",
			summary:
				"Sign up; a mail asks to confirm the address. The answer is the same whether the address was free or not.",
			body: S.SignUpBody,
			status: 202,
			handle: async ({ body: { terms, agreement, ...body }, network }) => {
				waitOr(open.take(network));
				if (terms !== TERMS_VERSION || agreement !== AGREEMENT_VERSION) throw new Problem("terms-outdated");
				const email = addressOf(body.email);
				mayMail("sign-up", email, network);
				await accounts.signUp({ ...body, email });
				return { status: 202, body: {} };
			},
		}),
		route({
			method: "POST",
			path: "/accounts/confirm",
			who: "anyone",
			summary: "Confirm the address with the mailed token and the password that was chosen, and sign in.",
			body: S.ConfirmLinkBody,
			answer: S.SessionAnswer,
			status: 200,
			handle: async ({ body: { token, password, label }, network }) => {
				waitOr(guard.attempt(token, network));
				const signed = await signedIn(await accounts.confirm(token, password), label, network);
				if (!signed) throw new Problem("wrong-credentials");
				return signed;
			},
		}),
		mailLink(
			"confirmation",
			"/confirmations",
			"Send the confirmation mail again. The answer is the same whether there is such an account or not.",
		),
		mailLink(
			"reset",
			"/password-resets",
			"Mail a link to choose a new password. The answer is the same whether there is such an account or not.",
		),
		route({
			method: "POST",
			path: "/password-resets/complete",
			who: "anyone",
			summary: "Choose a new password with the mailed token. Ends every session.",
			body: S.ResetBody,
			status: 204,
			handle: async ({ body: { token, password }, network }) => {
				waitOr(open.take(network));
				await accounts.reset(token, password);
				return { status: 204 };
			},
		}),
		route({
			method: "POST",
			path: "/session",
			who: "anyone",
			summary: "Sign in. Sets the one cookie, `session`.",
			body: S.SignInBody,
			answer: S.SessionAnswer,
			status: 200,
			handle: async ({ body, network }) => {
				waitOr(guard.attempt(guardKey(body.email), network));
				// Twice, because of two sign-ins at once one may have hashed the same password anew (trust: 1.2).
				for (let attempt = 0; attempt < 2; attempt++) {
					const proved = await accounts.authenticate(body.email, body.password);
					const signed = proved && (await signedIn(proved, body.label, network));
					if (signed) return signed;
					if (!proved) break;
				}
				throw new Problem("wrong-credentials");
			},
		}),
		route({
			method: "POST",
			path: "/session/passkey/options",
			who: "anyone",
			summary: "What a browser needs to sign in with a passkey.",
			body: S.Empty,
			answer: S.PasskeyOptions,
			status: 200,
			handle: async ({ network }) => {
				waitOr(open.take(network));
				return { status: 200, body: { options: await passkeys.askToSignIn() } };
			},
		}),
		route({
			method: "POST",
			path: "/session/passkey",
			who: "anyone",
			summary: "Sign in with a passkey. Sets the one cookie, `session`.",
			body: S.PasskeySignInBody,
			answer: S.SessionAnswer,
			status: 200,
			handle: async ({ body: { response, label }, network }) => {
				// By network only: guesses at somebody's password must not keep the owner's passkey out.
				waitOr(open.take(network));
				const { accountId, proof } = await passkeys.signIn(response);
				const account = await accounts.find(accountId);
				const signed = account && (await signedIn({ account, proof }, label, network));
				if (!signed) throw new Problem("passkey-refused");
				return signed;
			},
		}),
		route({
			method: "GET",
			path: "/session",
			who: "person",
			summary: "Who is signed in.",
			answer: S.SessionAnswer,
			status: 200,
			handle: async ({ account }) => ({ status: 200, body: { account } }),
		}),
		route({
			method: "DELETE",
			path: "/session",
			who: "person",
			summary: "Sign out: ends the session here and running pictures at the relay.",
			status: 204,
			handle: async ({ account, session }) => {
				await sessions.end(account.id, session.id);
				return { status: 204, setCookie: setCookie(undefined) };
			},
		}),
		route({
			method: "POST",
			path: "/session/proof/options",
			who: "person",
			evenRestricted: true,
			summary: "What a browser needs to prove with a passkey that it is still the same person.",
			body: S.Empty,
			answer: S.PasskeyOptions,
			status: 200,
			handle: async ({ account }) => ({ status: 200, body: { options: await passkeys.askToProve(account) } }),
		}),
		route({
			method: "POST",
			path: "/session/proof",
			who: "person",
			evenRestricted: true,
			summary: "Prove anew who one is, for what cannot be undone. Renews the cookie.",
			body: S.ProofBody,
			status: 204,
			handle: async ({ account, session, body, network }) => {
				if ("password" in body) {
					// A bucket of its own: guesses from outside must not stop the owner in an open session.
					await guarded(`session ${session.id}`, network, async () => {
						if (!(await accounts.proves(account.id, body.password))) throw new Problem("wrong-credentials");
					});
				} else await passkeys.prove(account, body.passkey);
				return { status: 204, setCookie: await sessions.renew(session) };
			},
		}),
		route({
			method: "GET",
			path: "/sessions",
			who: "person",
			summary: "Where the account is signed in.",
			answer: S.SessionsAnswer,
			status: 200,
			handle: async ({ account, session }) => ({
				status: 200,
				body: {
					sessions: (await sessions.list(account.id)).map((each) => ({
						...dated(each),
						current: each.id === session.id,
					})),
				},
			}),
		}),
		route({
			method: "DELETE",
			path: "/sessions",
			who: "person",
			summary: "End every session of the account but this one.",
			status: 204,
			handle: async ({ session }) => {
				await sessions.endOthers(session);
				return { status: 204 };
			},
		}),
		route({
			method: "DELETE",
			path: "/sessions/:id",
			who: "person",
			summary: "End one session.",
			status: 204,
			handle: async ({ account, session, params }) => {
				const id = params["id"] ?? "";
				await sessions.end(account.id, id);
				return { status: 204, ...(id === session.id && { setCookie: setCookie(undefined) }) };
			},
		}),
		route({
			method: "PATCH",
			path: "/account",
			who: "person",
			summary: "Change the name, or the language of mails.",
			body: S.ChangeAccountBody,
			status: 204,
			handle: async ({ account, body }) => {
				await accounts.update(account.id, body);
				return { status: 204 };
			},
		}),
		route({
			method: "POST",
			path: "/account/password",
			who: "person",
			evenRestricted: true,
			summary: "Change the password. Ends every other session and renews the cookie.",
			body: S.ChangePasswordBody,
			status: 204,
			handle: async ({ account, session, body, network }) => {
				await guarded(`session ${session.id}`, network, () =>
					accounts.changePassword(account, session.id, body.current, body.password),
				);
				return { status: 204, setCookie: await sessions.renew(session) };
			},
		}),
		route({
			method: "POST",
			path: "/account/email",
			who: "person",
			fresh: true,
			evenRestricted: true,
			summary: "Ask for another address: a link goes there, and word of it to the present one.",
			body: S.EmailBody,
			status: 202,
			handle: async ({ account, body }) => {
				const email = addressOf(body.email);
				waitOr(mailboxes.take(`address of ${account.id}`));
				waitOr(mailboxes.take(`address ${mailboxOf(email.key)}`));
				await accounts.askEmail(account, email);
				return { status: 202, body: {} };
			},
		}),
		route({
			method: "POST",
			path: "/account/email/confirm",
			who: "anyone",
			summary: "Confirm the new address with the mailed token.",
			body: S.LinkBody,
			status: 204,
			handle: async ({ body, network }) => {
				waitOr(open.take(network));
				await accounts.confirmEmail(body.token);
				return { status: 204 };
			},
		}),
		route({
			method: "GET",
			path: "/passkeys",
			who: "person",
			summary: "The account's passkeys.",
			answer: S.PasskeysAnswer,
			status: 200,
			handle: async ({ account }) => ({
				status: 200,
				body: { passkeys: (await passkeys.list(account.id)).map(dated) },
			}),
		}),
		route({
			method: "POST",
			path: "/passkeys/options",
			who: "person",
			fresh: true,
			evenRestricted: true,
			summary: "What a browser needs to make a passkey.",
			body: S.Empty,
			answer: S.PasskeyOptions,
			status: 200,
			handle: async ({ account }) => ({ status: 200, body: { options: await passkeys.askToAdd(account) } }),
		}),
		route({
			method: "POST",
			path: "/passkeys",
			who: "person",
			fresh: true,
			evenRestricted: true,
			summary: "Add the passkey that the browser made.",
			body: S.AddPasskeyBody,
			answer: S.PasskeyAnswer,
			status: 201,
			handle: async ({ account, body: { label, response } }) => {
				const posting = accounts.notice("passkey-added", account);
				const passkey = await passkeys.add(account, label, response, posting);
				return { status: 201, body: dated(passkey) };
			},
		}),
		route({
			method: "DELETE",
			path: "/passkeys/:id",
			who: "person",
			fresh: true,
			summary: "Remove a passkey.",
			status: 204,
			handle: async ({ account, params }) => {
				await passkeys.remove(account, params["id"] ?? "", accounts.notice("passkey-removed", account));
				return { status: 204 };
			},
		}),
	];
}
