/** An answer of the control side that its caller made whole. */
export interface Answer {
	status: number;
	type: string;
	body: string;
}
/** What is answered to GET under a path. */
export type Routes = Readonly<Record<string, () => Promise<Answer>>>;

/** What whoever operates the relay may ask, beside `/healthz`. */
export function operationRoutes(relay: { ready: () => boolean; metrics: () => Promise<string> }): Routes {
	return {
		"/metrics": async () => ({
			status: 200,
			type: "text/plain; version=0.0.4; charset=utf-8",
			body: await relay.metrics(),
		}),
		"/readyz": async () => (relay.ready() ? READY : NOT_READY),
	};
}

const READY: Answer = { status: 200, type: "application/json", body: JSON.stringify({ status: "ready" }) };
const NOT_READY: Answer = {
	status: 503,
	type: "application/problem+json",
	body: JSON.stringify({
		type: "https://mivisus.com/problems/not-ready",
		title: "This relay takes no sessions: it is ending, or no transport takes requests.",
		status: 503,
	}),
};
