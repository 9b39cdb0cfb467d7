import { type Rooms, waitOr } from "./rooms.ts";
import { type Route, route } from "./route.ts";
import * as S from "./schemas.ts";

/** What a person may ask of the data about them (policy 07), open to a restricted account as well. */
export function rightsRoutes({ exports, documentKeys, copies, open }: Rooms): Route[] {
	const allowed = (accountId: string) => () => waitOr(copies.take(accountId));
	return [
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
			handle: async ({ account, params }) => {
				return { status: 200, download: await exports.open(account.id, params["token"] ?? "", allowed(account.id)) };
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
			handle: async ({ account }) => {
				return { status: 200, download: await exports.now(account.id, allowed(account.id)) };
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
