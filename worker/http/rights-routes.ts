import { type CategoryName, offered } from "../data-map/categories.ts";
import { type TableName, tables } from "../data-map/map.ts";
import { Problem } from "../problems.ts";
import { type Named, OBJECTABLE } from "../rights/rights.ts";
import { setCookie } from "../sessions/sessions.ts";
import { type Rooms, waitOr } from "./rooms.ts";
import { dated, type Route, route } from "./route.ts";
import * as S from "./schemas.ts";

/** Tables whose rows are of this kind; for a kind that only shares rows with another, those. */
function tablesOf(kind: CategoryName): TableName[] {
	const of = (belongs: (kinds: (CategoryName | undefined)[]) => boolean) =>
		tables.filter(([, { columns }]) => belongs(Object.values(columns).map(({ category }) => category)));
	const own = of(([first]) => first === kind);
	return (own.length > 0 ? own : of((kinds) => kinds.includes(kind))).map(([name]) => name);
}

/** What a person may ask of the data about them (policy 07), open to a restricted account as well. */
export function rightsRoutes({ exports, documentKeys, copies, uses, open, rights, erasure }: Rooms): Route[] {
	const allowed = (accountId: string) => () => waitOr(copies.take(accountId));
	const rename = (what: Named, path: string) =>
		route({
			method: "PATCH",
			path,
			who: "person",
			summary: `Give the ${what} another name.`,
			body: S.RenameBody,
			status: 204,
			handle: async ({ account, params, body }) => {
				await rights.rename(account.id, what, params["id"] ?? "", body.name);
				return { status: 204 };
			},
		});
	return [
		rename("agent", "/agents/:id"),
		rename("device", "/devices/:id"),
		rename("passkey", "/passkeys/:id"),
		rename("session", "/sessions/:id"),
		route({
			method: "POST",
			path: "/export",
			who: "person",
			fresh: true,
			evenRestricted: true,
			summary: "A link to a copy of the account's data. It works once, within 24 hours, for the signed-in account.",
			body: S.Empty,
			answer: S.ExportLink,
			status: 201,
			handle: async ({ account }) => {
				const { token, expiresAt } = exports.link(account.id);
				return { status: 201, body: { path: `/api/export/${token}`, expiresAtMs: expiresAt } };
			},
		}),
		route({
			method: "GET",
			path: "/export/:token",
			who: "person",
			summary: "The copy that a link is for: a ZIP, made while it is sent. Uses the link up.",
			status: 200,
			file: "application/zip",
			handle: async ({ account, params, signal }) => {
				const download = await exports.open(account.id, params["token"] ?? "", allowed(account.id), signal);
				return { status: 200, download };
			},
		}),
		route({
			method: "GET",
			path: "/export",
			who: "person",
			fresh: true,
			summary: "The copy of the account's data at once, for programs.",
			status: 200,
			file: "application/zip",
			handle: async ({ account, signal }) => {
				const download = await exports.now(account.id, allowed(account.id), signal);
				return { status: 200, download };
			},
		}),
		route({
			method: "GET",
			path: "/privacy",
			who: "person",
			summary: "What is held of the person, in numbers by kind; objections, directives and requests.",
			answer: S.PrivacyAnswer,
			status: 200,
			handle: async ({ account }) => {
				const { held, objections, directives, requests } = await rights.overview(account.id);
				const kinds = offered.map(([kind, { data, why, basis, kept, anonymous, inMemory, objection }]) => ({
					kind,
					data,
					why,
					basis,
					kept,
					objection: objection ?? null,
					anonymous: anonymous === true,
					inMemory: inMemory === true,
					entries: tablesOf(kind).reduce((sum, name) => sum + (held[name] ?? 0), 0),
				}));
				return {
					status: 200,
					body: {
						kinds,
						objections: objections.map(dated),
						directives: directives ? dated(directives) : null,
						requests,
					},
				};
			},
		}),
		route({
			method: "POST",
			path: "/account/restriction",
			who: "person",
			evenRestricted: true,
			summary: "Restrict the use of the account's data (art. 18): kept, shown to its person, nothing else. At once.",
			body: S.Empty,
			status: 204,
			handle: async ({ account }) => {
				waitOr(uses.take(account.id));
				await rights.restrict(account);
				return { status: 204 };
			},
		}),
		route({
			method: "DELETE",
			path: "/account/restriction",
			who: "person",
			summary: "Lift the restriction.",
			body: S.Empty,
			status: 204,
			handle: async ({ account }) => {
				waitOr(uses.take(account.id));
				await rights.lift(account);
				return { status: 204 };
			},
		}),
		route({
			method: "POST",
			path: "/objections",
			who: "person",
			evenRestricted: true,
			summary: "Object to what rests on a legitimate interest (art. 21): it stops, and what there is of it is deleted.",
			body: S.ObjectionBody,
			status: 204,
			handle: async ({ account, body }) => {
				waitOr(uses.take(account.id));
				await rights.object(account.id, body.purpose);
				return { status: 204 };
			},
		}),
		route({
			method: "DELETE",
			path: "/objections/:purpose",
			who: "person",
			summary: "Take an objection back.",
			body: S.Empty,
			status: 204,
			handle: async ({ account, params }) => {
				const purpose = OBJECTABLE.find((each) => each === params["purpose"]);
				if (!purpose) throw new Problem("not-found");
				await rights.withdrawObjection(account.id, purpose);
				return { status: 204 };
			},
		}),
		route({
			method: "POST",
			path: "/directives",
			who: "person",
			evenRestricted: true,
			summary:
				"Record what is to be done with the data after the person's death (French law of 6 January 1978, art. 85).",
			body: S.DirectivesBody,
			status: 204,
			handle: async ({ account, body }) => {
				waitOr(uses.take(account.id));
				await rights.setDirectives(account.id, body.words);
				return { status: 204 };
			},
		}),
		route({
			method: "DELETE",
			path: "/directives",
			who: "person",
			summary: "Forget the directives.",
			body: S.Empty,
			status: 204,
			handle: async ({ account }) => {
				await rights.removeDirectives(account.id);
				return { status: 204 };
			},
		}),
		route({
			method: "DELETE",
			path: "/account",
			who: "person",
			fresh: true,
			summary:
				"Erase the account (art. 17): unusable at once, gone after seven days in which a mailed link takes it back.",
			body: S.Empty,
			answer: S.LeavingAnswer,
			status: 202,
			handle: async ({ account }) => {
				const { eraseAt, number } = await erasure.leave(account);
				return { status: 202, body: { eraseAtMs: eraseAt, number }, setCookie: setCookie(undefined) };
			},
		}),
		route({
			method: "POST",
			path: "/account/undo",
			who: "anyone",
			summary: "Keep an account that is about to be erased, with the mailed token.",
			body: S.LinkBody,
			status: 204,
			handle: async ({ body, network }) => {
				waitOr(open.take(network));
				await erasure.undo(body.token);
				return { status: 204 };
			},
		}),
		route({
			method: "GET",
			path: "/receipts/:number",
			who: "anyone",
			summary: "The signed receipt of an erasure. It names nobody.",
			answer: S.ReceiptAnswer,
			status: 200,
			handle: async ({ params, network }) => {
				waitOr(open.take(network));
				return { status: 200, body: await erasure.receipt(params["number"] ?? "") };
			},
		}),
		route({
			method: "GET",
			path: "/signing-keys",
			who: "anyone",
			summary: "Public keys by which copies of data and receipts are checked, as a JWK set.",
			answer: S.SigningKeys,
			status: 200,
			handle: async ({ network }) => {
				waitOr(open.take(network));
				return { status: 200, body: documentKeys };
			},
		}),
	];
}
