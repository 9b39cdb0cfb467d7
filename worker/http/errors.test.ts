import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { PROBLEMS, type ProblemCode } from "../problems.ts";

/** What a caller does about each. */
const REMEDY: Record<ProblemCode, string> = {
	malformed: "Correct the fields that `detail` names. It never repeats what was sent.",
	"wrong-credentials":
		"Type both again, confirm the address (`POST /api/confirmations` mails again), or ask for a new password. The same answer for an unknown address.",
	"passkey-refused": "Ask for new options and have the device answer again: a challenge works once, for five minutes.",
	unauthorized: "Sign in. The session ended, ran out, or never was; two session cookies in one request count as none.",
	"nonce-required": "Agents: sign again with the nonce in the header `Mivisus-Nonce` of this very answer.",
	"bad-assertion": "Agents: the signature, or what it binds (origin, method, path, body, once), is wrong. Sign anew.",
	"agent-unlinked": "Agents: forget the link and show a new one.",
	"cross-site":
		"Send it from a page of the service: unsafe methods need its `Origin`, or `Sec-Fetch-Site: same-origin`.",
	"proof-required":
		"`POST /api/session/proof` with the password or a passkey, then the same call again within ten minutes.",
	restricted: "Have the restriction lifted first. Reading, correcting, deleting and protecting the account still work.",
	"not-found": "Nothing, or nothing of yours: the two look alike.",
	"already-exists": "Take another id.",
	"code-unusable": "Make a new link at the agent.",
	"link-unusable": "Ask for another mail. Only the newest link of a kind works, once.",
	"too-large": "Send at most 64 KiB.",
	"unsupported-media-type": "Set `Content-Type: application/json`.",
	"password-too-short": "Take a longer one.",
	"password-too-long": "Take a shorter one.",
	"password-guessable": "Take another one: a short sentence of your own.",
	"terms-outdated": "Send the versions that the service shows now, once the person has accepted them.",
	"not-an-address": "Correct the address.",
	"rate-limited": "Wait the seconds that `Retry-After` gives.",
	"too-many": "Remove one first.",
	internal: "Nothing on your side. The number in `instance` finds it in the operator's log.",
	unavailable: "Look whether it was done, then send it again after the seconds that `Retry-After` gives.",
	"export-running":
		"Read the other copy to its end or leave it, then ask again after the seconds that `Retry-After` gives.",
	"relay-away":
		"Ask again after the seconds that `Retry-After` gives. Operators: is the relay running, and does `MIVISUS_RELAY_CONTROL` name its control port?",
	busy: "Send it again after the seconds that `Retry-After` gives.",
};

/** `npx vitest run worker/http/errors -u` writes it anew. */
it("docs/reference/errors.md is the closed list", async () => {
	const rows = Object.entries(PROBLEMS).map(
		([code, [status, title]]) => `| \`${code}\` | ${status} | ${title} | ${REMEDY[code as ProblemCode]} |`,
	);
	const page = `# Problems

Every refusal of the HTTP interface is a problem document (RFC 9457, \`application/problem+json\`):

\`\`\`json
{ "type": "https://mivisus.com/problems/malformed", "title": "The request cannot be read.", "status": 400, "detail": "email: Invalid input" }
\`\`\`

\`type\` ends in one of the names below, and in no other. \`detail\` is safe to show: it never holds what was sent, a secret, or anything of the inside. \`instance\` stands in \`internal\` only, and means something to the operator alone. This page is made from the code.

| name | status | title | what to do |
|---|---|---|---|
${rows.join("\n")}
`;
	await expect(page).toMatchFileSnapshot("../../docs/reference/errors.md");
});

it("no problem of the list is there for nothing", () => {
	const root = new URL("..", import.meta.url);
	const source = (readdirSync(root, { recursive: true, encoding: "utf8" }) as string[])
		.filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && name !== "problems.ts")
		.map((name) => readFileSync(new URL(name, root), "utf8"))
		.concat(readFileSync(new URL("../../wire/password.ts", import.meta.url), "utf8"))
		.join("\n");
	for (const code of Object.keys(PROBLEMS)) expect(source, code).toContain(`"${code}"`);
});
