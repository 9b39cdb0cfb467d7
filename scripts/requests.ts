/**
 * `npm run requests -- FILE`: the desk for requests about rights that came by mail (policy 07.7), over a worker's database
 * file, also while it runs. Run without more to see what waits; see USAGE for the rest.
 */
import { Accounts } from "../worker/accounts/accounts.ts";
import { Passwords } from "../worker/passwords/passwords.ts";
import { nodeKdf, nodeRandom, sha256 } from "../worker/platform/node.ts";
import { Desk, DeskRefusal } from "../worker/rights/desk.ts";
import { REQUEST_KINDS, type RequestKind } from "../worker/rights/rights.ts";
import { accountStore } from "../worker/store/accounts.ts";
import { notCurrent } from "../worker/store/check.ts";
import { deskStore } from "../worker/store/desk.ts";
import { FileDatabase } from "../worker/store/file-database.ts";

const USAGE = `npm run requests -- FILE                                   what waits for an answer
npm run requests -- FILE add KIND EMAIL [YYYY-MM-DD]       enters a request that came by mail (on that day)
npm run requests -- FILE extend NUMBER "REASON"            two further months; the person is told
npm run requests -- FILE done NUMBER "WHAT SHOWS IT"       answered
npm run requests -- FILE refuse NUMBER "ARTICLE AND WHY"   refused

KIND: ${REQUEST_KINDS.join(", ")}.
Identity: who writes from an account's address is asked to sign in. Never ask for a copy of an identity card by default.`;

/** How far a clock on a wall may be ahead of UTC. */
const AHEAD_MS = 14 * 3_600_000;
const [file, verb, ...args] = process.argv.slice(2);
const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
function usage(): never {
	console.error(USAGE);
	process.exit(2);
}
if (!file) usage();
const wrong = await notCurrent(file);
if (wrong) {
	console.error(`${file}: ${wrong}`);
	process.exit(2);
}
const database = await FileDatabase.open(`file:${file}`).catch((error: Error) => {
	console.error(`${file}: ${error.message}`);
	process.exit(2);
});
const clock = { now: Date.now };
const accounts = new Accounts({
	store: accountStore(database, () => {}),
	passwords: new Passwords(nodeKdf, nodeRandom),
	clock,
	hash: sha256,
	posted: () => {},
});
const desk = new Desk(deskStore(database), clock, (letter, account) => accounts.notice(letter, account));

async function list(): Promise<void> {
	const open = await desk.open();
	if (open.length === 0) console.log("Nothing waits for an answer.");
	for (const { number, kind, channel, receivedAt, dueAt, remindedAt, extendedAt, requester, accountId } of open) {
		const left = Math.floor((dueAt - clock.now()) / 86_400_000);
		const mark = left < 0 ? "LATE" : remindedAt !== null || left <= 10 ? "SOON" : "";
		const who = accountId ? "an account" : (requester ?? "somebody whose account is gone");
		const more = `${extendedAt === null ? "" : "  put off"}${channel === "self" ? "  does itself" : ""}`;
		console.log(
			`${number}  ${mark.padEnd(4)}  due ${day(dueAt)} (${left} days)  ${kind.padEnd(13)}  received ${day(receivedAt)}  ${who}${more}`,
		);
	}
}
async function act(): Promise<void> {
	const [first = "", second = "", third] = args;
	if (verb === undefined) return list();
	if (verb === "add" && second && args.length <= 3) {
		const kind = REQUEST_KINDS.find((each) => each === first);
		if (!kind) throw new DeskRefusal(`There is no kind ${first}: ${REQUEST_KINDS.join(", ")}.`);
		// Of a day without a time, the clock runs from its beginning: that is never too late.
		const midnight = third === undefined ? clock.now() : Date.parse(`${third}T00:00:00Z`);
		if (Number.isNaN(midnight) || (third !== undefined && day(midnight) !== third))
			throw new DeskRefusal(`${third} is no day: YYYY-MM-DD.`);
		// Where the sun is ahead of UTC, today may not have begun there.
		const received = midnight > clock.now() && midnight < clock.now() + AHEAD_MS ? clock.now() : midnight;
		const { number, dueAt, accountId } = await desk.enter(kind as RequestKind, second, received);
		console.log(
			`${number}, to be answered by ${day(dueAt)}. ${accountId ? "The account's person is told." : "There is no such account: answer by mail."}`,
		);
	} else if (verb === "extend" && second && args.length === 2) {
		console.log(
			`Put off to ${day(await desk.extend(first, second))}. ${"Who has an account is told now; tell others by mail today."}`,
		);
	} else if ((verb === "done" || verb === "refuse") && second && args.length === 2) {
		await desk.close(first, verb === "done" ? "done" : "refused", second);
		console.log("Closed. Who has an account is told now; tell others by mail.");
	} else usage();
}
try {
	await act();
} catch (error) {
	if (!(error instanceof DeskRefusal)) throw error;
	console.error(error.message);
	process.exitCode = 1;
}
await database.close();
