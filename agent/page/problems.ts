/** What the agent's own page may be refused for: a closed list of statuses and titles (RFC 9457). */
export const PROBLEMS = {
	"page-not-open": [401, "Open this page by its link."],
	"cross-site": [403, "The request came from another page."],
	"not-found": [404, "There is nothing of that name."],
	"method-not-allowed": [405, "That cannot be done here."],
	refused: [409, "It was not done."],
	"too-large": [413, "The request is too long."],
	"not-json": [415, "The request is not JSON."],
	malformed: [400, "The request cannot be read."],
	misdirected: [421, "This page is for this machine only."],
	"too-many": [429, "Too much at once."],
	unreachable: [502, "The service cannot be reached."],
	internal: [500, "Something went wrong in the agent."],
} as const satisfies Record<string, readonly [status: number, title: string]>;
export type PageProblemCode = keyof typeof PROBLEMS;

/** A refusal on its way to the page; `detail` is shown to a person. */
export class PageProblem extends Error {
	override name = "PageProblem";
	readonly code: PageProblemCode;
	/** What the page shows beside the words. */
	readonly more: { channels?: readonly string[] };
	constructor(code: PageProblemCode, detail: string = PROBLEMS[code][1], more: PageProblem["more"] = {}) {
		super(detail);
		this.code = code;
		this.more = more;
	}
	get status(): number {
		return PROBLEMS[this.code][0];
	}
	/** As the document of RFC 9457. */
	get document() {
		const [status, title] = PROBLEMS[this.code];
		return {
			type: `https://mivisus.com/problems/agent/${this.code}`,
			title,
			status,
			detail: this.message,
			...this.more,
		};
	}
}
