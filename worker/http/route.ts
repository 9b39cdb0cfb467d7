import type { z } from "zod";
import type { Account } from "../accounts/accounts.ts";
import type { Agent } from "../agents/agents.ts";
import type { Download } from "../export/exports.ts";
import type { Session } from "../sessions/sessions.ts";

/** What a handler may know of the request; which of the three callers is stated by the route's `who`. */
export interface Call<B> {
	body: B;
	params: Record<string, string>;
	/** What the caller's household or office shares of its address; in memory only (policy 02.10). */
	network: string;
	signal: AbortSignal;
}
export interface PersonCall<B> extends Call<B> {
	account: Account;
	session: Session;
}
export interface AgentCall<B> extends Call<B> {
	agent: Agent;
}
/** Answer: status, body by schema, and cookies to set. */
export interface Answer {
	status: 200 | 201 | 202 | 204;
	body?: unknown;
	setCookie?: string;
	/** Instead of a body: a file, made while it is sent. */
	download?: Download;
}
/** As answers tell when something was made. */
export const dated = <T extends { createdAt: number }>({ createdAt, ...rest }: T) => ({
	...rest,
	createdAtMs: createdAt,
});
interface Common<W extends string, C> {
	method: "GET" | "POST" | "PATCH" | "DELETE";
	/** Below `/api`, with `:name` parameters. */
	path: string;
	who: W;
	/** One sentence for the OpenAPI document. */
	summary: string;
	body?: z.ZodType;
	answer?: z.ZodType;
	status: Answer["status"];
	/** Media type of the file that it answers with, instead of JSON. */
	file?: "application/zip";
	/** Whether the person must have proved who they are within the last minutes (ASVS 7.5.1). */
	fresh?: true;
	/** Of a POST: open to a restricted account as well, because it is a right or protects the account (policy 07.6). */
	evenRestricted?: true;
	handle(call: C): Promise<Answer>;
}
/** A route as data: the application, the OpenAPI document and the tests' matrices are made from it. */
export type Route =
	| Common<"anyone", Call<never>>
	| Common<"person", PersonCall<never>>
	| Common<"agent", AgentCall<never>>;

type CallOf = { anyone: Call<unknown>; person: PersonCall<unknown>; agent: AgentCall<unknown> };

/** Declares a route; the handler's body has the type of its schema. */
export function route<W extends keyof CallOf, S extends z.ZodType = z.ZodUndefined>(
	definition: Omit<Common<W, never>, "body" | "handle"> & {
		body?: S;
		handle(call: Omit<CallOf[W], "body"> & { body: z.output<S> }): Promise<Answer>;
	},
): Route {
	return definition as unknown as Route;
}
