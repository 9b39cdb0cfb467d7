import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { setLanguage } from "./index.ts";
import { agentSays } from "./says.ts";

/** Where the agent keeps the sentences that reach a person's screen. */
const FILES = [
	"rtsp/connection",
	"rtsp/errors",
	"rtsp/session",
	"rtsp/dial",
	"rtsp/redirect",
	"rtsp/ports",
	"rtsp/sdp",
	"camera",
	"pairing/commands",
];
const SENTENCE = /"((?:The|This|What|Nothing|Encrypted) [^"\n]+\.)"/g;

describe("what the agent says", () => {
	beforeAll(() => {
		const store = new Map<string, string>();
		Object.assign(globalThis, {
			localStorage: { setItem: (key: string, value: string) => store.set(key, value) },
			document: { documentElement: {} },
		});
		setLanguage("fr");
	});
	it.each(FILES)("%s: each sentence has its French one", (file) => {
		const source = readFileSync(new URL(`../../../agent/${file}.ts`, import.meta.url), "utf8");
		const sentences = [...source.matchAll(SENTENCE)].map(([, sentence]) => sentence ?? "");
		for (const sentence of sentences) expect(agentSays(sentence), sentence).not.toBe(sentence);
	});
	it("what the camera said stands in the French sentence", () => {
		expect(agentSays("The camera answered DESCRIBE with an error (500).")).toBe(
			"La caméra a répondu à DESCRIBE par une erreur (500).",
		);
		expect(
			agentSays("The camera sends H.265 (HEVC), which is not supported yet. Choose H.264 in the camera's settings."),
		).toContain("H.265 (HEVC), qui n’est pas encore pris en charge");
	});
	it("an unknown sentence is shown as it came", () => expect(agentSays("Something new.")).toBe("Something new."));
});
