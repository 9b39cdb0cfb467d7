import type { Readable } from "node:stream";
import { ConfigError } from "../config.ts";
import { readTyped } from "../typed-access.ts";
import type { Arguments } from "./arguments.ts";
import { remark } from "./say.ts";

/** Longer than any password that a camera takes, characters. */
const MAX_LINE = 1024;

/** The first line of standard input, exactly: only its end is taken off. */
async function firstLine(input: Readable): Promise<string> {
	let text = "";
	input.setEncoding("utf8");
	for await (const chunk of input) {
		text += chunk;
		if (text.includes("\n") || text.length > MAX_LINE) break;
	}
	return (text.split("\n")[0] ?? "").replace(/\r$/, "").slice(0, MAX_LINE);
}

/** Asks on the terminal; what is typed is not shown where it is `secret`. Rejects with AbortError on Ctrl-C. */
export function askTerminal(question: string, secret: boolean): Promise<string> {
	const { stdin, stderr } = process;
	// First, so that what is typed or pasted as soon as the question is there is not shown either.
	stdin.setRawMode(true);
	stderr.write(question);
	return new Promise((resolve, reject) => {
		let text = "";
		const done = (end: () => void) => {
			stdin.setRawMode(false);
			stdin.pause();
			stdin.off("data", hear);
			stderr.write("\n");
			end();
		};
		const hear = (chunk: string) => {
			for (const letter of chunk) {
				if (letter === "\r" || letter === "\n") return done(() => resolve(text));
				if (letter === "\u0003" || letter === "\u0004")
					return done(() => reject(Object.assign(new Error("Stopped."), { name: "AbortError" })));
				const back = letter === "\u007f" || letter === "\b";
				if (back && text !== "" && !secret) stderr.write("\b \b");
				if (back) text = Array.from(text).slice(0, -1).join("");
				else if (text.length < MAX_LINE) {
					text += letter;
					if (!secret) stderr.write(letter);
				}
			}
		};
		stdin.setEncoding("utf8");
		stdin.on("data", hear);
		stdin.resume();
	});
}

/** Address, user and password of a camera as a person gives them to `test` and `add`. Throws ConfigError. */
export async function typedCamera({ address, user, certificate, passwordStdin }: Arguments) {
	const read = readTyped({ address, user, certificate });
	if (!read.ok) throw new ConfigError(read.problem);
	const { access, look } = read;
	if (access.password !== undefined)
		remark(
			"The address holds a password. It stays in your shell's history, and others on this computer may see it while this runs. Leave it out the next time: it is asked for.",
		);
	if (look !== undefined) remark(look);
	if (passwordStdin) access.password = await firstLine(process.stdin);
	else if (access.user !== undefined && access.password === undefined) {
		if (!process.stdin.isTTY)
			throw new ConfigError("There is no terminal to ask for the password: give it by --password-stdin.");
		access.password = await askTerminal(`Password of ${access.user.replace(/\p{C}/gu, "")}: `, true);
	}
	if (access.password === "") delete access.password;
	return access;
}
